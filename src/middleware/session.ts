import type { Request, Response } from 'express';
import type { AuthRef, Session } from '../actors/auth/messages.ts';
import { hashSecret, type SessionHash } from '../oauth/secret.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import type { Cookies } from './cookies.ts';

/** The cookie that carries the session's id. */
export const SESSION_COOKIE = 'stagedoor_session';
const SESSION_ID = /^[A-Za-z0-9_-]{43}$/;

/** Login sessions as a browser carries them: a random id in a cookie, known to the server by its hash alone. */
export class Sessions {
  readonly #auth: AuthRef;
  readonly #cookies: Cookies;

  constructor(auth: AuthRef, cookies: Cookies) {
    this.#auth = auth;
    this.#cookies = cookies;
  }

  /** The hash of the session id that the browser presents, live or not. */
  presented(request: Request): SessionHash | null {
    const id = this.#cookies.read(request, SESSION_COOKIE);
    return id !== undefined && SESSION_ID.test(id) ? hashSecret<'session'>(id) : null;
  }

  /** The live session of the browser, if it has one. */
  async find(request: Request): Promise<Session | null> {
    const sessionHash = this.presented(request);
    return sessionHash && this.#auth.ask({ type: 'findSession', sessionHash });
  }

  begin(response: Response, sessionId: Sensitive, expiresAt: Date): void {
    this.#cookies.write(response, SESSION_COOKIE, sessionId.reveal(), expiresAt);
  }

  end(response: Response): void {
    this.#cookies.clear(response, SESSION_COOKIE);
  }
}
