import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';

/** Names and attributes of our cookies: over https bound to this host alone (the __Host- prefix, RFC 6265bis §4.1.3.2). */
export class Cookies {
  readonly #secure: boolean;

  constructor(issuer: string) {
    this.#secure = issuer.startsWith('https:');
  }

  read(request: Request, name: string): string | undefined {
    return parseCookie(request.headers.cookie ?? '')[this.#fullName(name)];
  }

  /** Without `expires` the cookie lasts until the browser closes. */
  write(response: Response, name: string, value: string, expires?: Date): void {
    const cookie = stringifySetCookie({
      name: this.#fullName(name),
      value,
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure: this.#secure,
      ...(expires && { expires }),
    });
    response.appendHeader('set-cookie', cookie);
  }

  clear(response: Response, name: string): void {
    this.write(response, name, '', new Date(0));
  }

  #fullName(name: string): string {
    return fullName(this.#secure, name);
  }
}

/** The name under which a browser keeps a cookie of ours. */
export function cookieName(issuer: string, name: string): string {
  return fullName(issuer.startsWith('https:'), name);
}

function fullName(secure: boolean, name: string): string {
  return secure ? `__Host-${name}` : name;
}
