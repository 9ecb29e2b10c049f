/** Sends a form as this client and resolves to the JSON of the answer; throws where it is an error. */
export async function post(url, client, fields) {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams({ ...client, ...fields }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${new URL(url).pathname} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** A browser that keeps cookies and neither runs scripts nor follows redirects. */
export class Browser {
  #cookies = new Map();
  #send;

  /** @param {typeof fetch} [send] makes the requests */
  constructor(send = fetch) {
    this.#send = send;
  }

  /** What it sends as its Cookie header. */
  get cookie() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** @param {URL} url */
  async request(url, init = {}) {
    const response = await this.#send(url, { ...init, headers: { cookie: this.cookie }, redirect: 'manual' });
    for (const [pair] of response.headers.getSetCookie().map((line) => line.split(';', 1))) {
      const [name, value] = pair.split('=');
      this.#cookies.set(name, value);
    }
    const location = response.headers.get('location');
    return {
      url,
      status: response.status,
      text: await response.text(),
      location: location === null ? undefined : new URL(location, url),
    };
  }

  /** Opens the page that an address leads to. */
  async openBehind(url) {
    const { location } = await this.request(url);
    if (location === undefined) throw new Error(`${url.pathname} did not lead to another page`);
    return this.request(location);
  }

  /** Sends the form of a page, filled in. */
  async submit({ url, text }, fields) {
    const [, action] = /<form[^>]*action="([^"]*)"/.exec(text) ?? [];
    if (action === undefined) throw new Error(`${url.pathname} shows no form`);
    const hidden = [...text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]) => [
      /name="([^"]*)"/.exec(input)?.[1],
      (/value="([^"]*)"/.exec(input)?.[1] ?? '').replaceAll('&amp;', '&'),
    ]);
    const body = new URLSearchParams({ ...Object.fromEntries(hidden), ...fields });
    return this.request(new URL(action.replaceAll('&amp;', '&'), url), { method: 'POST', body });
  }

  /** Signs in on the login page that an address leads to. */
  async signIn(url, credentials) {
    const answer = await this.submit(await this.openBehind(url), credentials);
    if (answer.location === undefined) throw new Error('the sign-in was refused');
  }
}
