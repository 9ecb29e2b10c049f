import { createHash, randomBytes } from 'node:crypto';
import { ADMIN } from './server.ts';

/** A form as a page shows it. */
export interface Form {
  readonly action: string;
  readonly fields: Record<string, string>;
}

/** What one step of a browser without scripts led to. */
export interface Step {
  readonly status: number;
  readonly url: string;
  readonly headers: Headers;
  readonly text: string;
  readonly location: string | null;
}

/** A person with a browser that runs no scripts: keeps cookies, follows redirects on the server's host, fills in forms. */
export class Person {
  readonly cookies = new Map<string, string>();
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  /** One request; no redirect is followed. */
  async request(path: string, init: RequestInit = {}): Promise<Step> {
    const url = new URL(path, this.#base).href;
    const headers = new Headers(init.headers);
    if (this.cookies.size > 0) {
      headers.set('cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    }
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie);
    return {
      status: response.status,
      url,
      headers: response.headers,
      text: await response.text(),
      location: response.headers.get('location'),
    };
  }

  /** Opens a page and follows redirects until there is a page, or a redirect that leaves the server. */
  async open(path: string, init: RequestInit = {}): Promise<Step> {
    let step = await this.request(path, init);
    for (let hops = 0; step.location !== null && hops < 10; hops += 1) {
      const next = new URL(step.location, step.url);
      if (next.origin !== new URL(this.#base).origin) return step;
      step = await this.request(next.href);
    }
    return step;
  }

  /** Sends a form of a page (the first, or the first to an address), filled in, and follows redirects. */
  async submit(step: Step, fill: Readonly<Record<string, string>> = {}, action?: string): Promise<Step> {
    const form = formOf(step, action);
    return this.open(form.action, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...form.fields, ...fill }).toString(),
    });
  }

  /** Signs in on the login page. */
  logIn(step: Step, credentials: { username: string; password: string } = ADMIN): Promise<Step> {
    return this.submit(step, credentials);
  }

  /**
   * Follows an authorization request to its end, signing in and allowing where asked; resolves to the redirect's
   * parameters.
   */
  async authorize(
    authorizationUrl: string,
    credentials: { username: string; password: string } = ADMIN,
  ): Promise<URLSearchParams> {
    let step = await this.open(authorizationUrl);
    if (step.location === null && step.text.includes('name="password"'))
      step = await this.logIn(step, credentials);
    if (step.location === null && step.text.includes('name="decision"')) {
      step = await this.submit(step, { decision: 'allow' });
    }
    if (step.location === null)
      throw new Error(`no redirect but ${step.status}: ${step.text.slice(0, 2000)}`);
    return new URL(step.location).searchParams;
  }

  #keep(cookie: string): void {
    const [pair = '', ...attributes] = cookie.split(';');
    const [name = '', value = ''] = pair.split('=');
    const expires = attributes.find((attribute) => attribute.trim().toLowerCase().startsWith('expires='));
    const expired = expires !== undefined && new Date(expires.split('=')[1] ?? '').getTime() < Date.now();
    if (expired || value === '') this.cookies.delete(name.trim());
    else this.cookies.set(name.trim(), value);
  }
}

/** The first form of a page, or the first to an address, with its hidden fields. */
export function formOf({ text }: Pick<Step, 'text'>, action?: string): Form {
  const forms = text.matchAll(/<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g);
  const form = [...forms].find(([, to]) => action === undefined || to === action);
  if (!form) throw new Error(`no form in: ${text.slice(0, 2000)}`);
  const fields: Record<string, string> = {};
  for (const [input] of form[2]!.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1];
    const value = /value="([^"]*)"/.exec(input)?.[1] ?? '';
    if (name !== undefined) fields[unescapeHtml(name)] = unescapeHtml(value);
  }
  return { action: unescapeHtml(form[1]!), fields };
}

function unescapeHtml(text: string): string {
  const named: Record<string, string> = {
    '&lt;': '<',
    '&gt;': '>',
    '&quot;': '"',
    '&#39;': "'",
    '&amp;': '&',
  };
  return text.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => named[entity]!);
}

/** A PKCE pair. */
export function pkcePair(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}
