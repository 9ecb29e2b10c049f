/** Names under which secrets travel in forms, queries, JSON bodies, pages and redirects. */
const SECRET_FIELDS = [
  'access_token',
  'client_secret',
  'code',
  'code_verifier',
  'csrf_token',
  'current_password',
  'id_token',
  'new_password',
  'password',
  'refresh_token',
  'token',
];

/** A secret gives itself away by as few characters as this. */
const PREFIX_LENGTH = 8;

/** Every secret that went over the wire while recording, by the kind of thing it is. */
export class RecordedSecrets {
  readonly #values = new Map<string, Set<string>>();
  readonly #fetch = globalThis.fetch;

  /** Looks over the shoulder of `fetch`: at what is sent and at what comes back. */
  start(): void {
    globalThis.fetch = async (input, init) => {
      this.#noteFields(new URL(String(input)).searchParams);
      const headers = new Headers(init?.headers);
      this.#noteAuthorization(headers.get('authorization'));
      if (typeof init?.body === 'string') this.#noteFields(new URLSearchParams(init.body));
      const response = await this.#fetch(input, init);
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        this.note(`cookie ${name}`, value);
      }
      const location = response.headers.get('location');
      if (location !== null) this.#noteFields(new URL(location, response.url).searchParams);
      this.#noteBody(await response.clone().text());
      return response;
    };
  }

  stop(): void {
    globalThis.fetch = this.#fetch;
  }

  note(kind: string, value: string): void {
    const known = this.#values.get(kind) ?? new Set();
    this.#values.set(kind, known);
    // A token in parts: its signature alone is enough to be ashamed of.
    for (const part of [value, encodeURIComponent(value), ...value.split('.')]) {
      if (part.length >= PREFIX_LENGTH) known.add(part);
    }
  }

  kinds(): readonly string[] {
    return [...this.#values.keys()].toSorted();
  }

  /** The kinds of the secrets of which at least the first characters stand in the text. */
  leaksIn(text: string): readonly string[] {
    const leaked = ([, values]: readonly [string, ReadonlySet<string>]) =>
      [...values].some((value) => text.includes(value.slice(0, PREFIX_LENGTH)));
    return [...this.#values].filter(leaked).map(([kind]) => kind);
  }

  #noteFields(fields: URLSearchParams): void {
    for (const [name, value] of fields) if (SECRET_FIELDS.includes(name)) this.note(name, value);
  }

  #noteAuthorization(header: string | null): void {
    const [scheme, credentials] = header?.split(' ') ?? [];
    if (scheme === undefined || credentials === undefined) return;
    this.note(`${scheme} credentials`, credentials);
  }

  #noteBody(text: string): void {
    if (text.startsWith('{')) {
      for (const [name, value] of Object.entries(JSON.parse(text) as object)) {
        if (SECRET_FIELDS.includes(name) && typeof value === 'string') this.note(name, value);
      }
    }
    for (const [, value = ''] of text.matchAll(/name="csrf_token" value="([^"]+)"/g)) {
      this.note('csrf_token', value);
    }
  }
}
