import { createHmac } from 'node:crypto';
import type { Request, Response } from 'express';
import { AccessDenied } from '../oauth/errors.ts';
import type { DerivedKey } from '../oauth/master-secret.ts';
import type { Parameters } from '../oauth/parameters.ts';
import { equalTexts, newSecret } from '../oauth/secret.ts';
import type { Sources } from '../oauth/sources.ts';
import type { Cookies } from './cookies.ts';
import type { Sessions } from './session.ts';

/** The cookie that tells one browser from another. */
export const BROWSER_COOKIE = 'stagedoor_browser';
const BROWSER_ID = /^[A-Za-z0-9_-]{43}$/;

/** The form field that carries the token. */
export const CSRF_FIELD = 'csrf_token';

/** The header that carries it where a script of ours asks. */
export const CSRF_HEADER = 'x-csrf-token';

/**
 * Protects forms, the login form included: a form's token is an HMAC over the browser's own cookie and its session, so no
 * other site can make one, and one made before a login is worthless after it. Holds no state; any replica checks it.
 */
export class Csrf {
  readonly #keys: readonly [DerivedKey, ...DerivedKey[]];
  readonly #cookies: Cookies;
  readonly #sessions: Sessions;
  readonly #randomBytes: Sources['randomBytes'];

  constructor(
    keys: readonly [DerivedKey, ...DerivedKey[]],
    cookies: Cookies,
    sessions: Sessions,
    randomBytes: Sources['randomBytes'],
  ) {
    this.#keys = keys;
    this.#cookies = cookies;
    this.#sessions = sessions;
    this.#randomBytes = randomBytes;
  }

  /** The token for a form on the page that is being sent; gives the browser its cookie if it has none. */
  issue(request: Request, response: Response): string {
    let browserId = this.#browserId(request);
    if (browserId === undefined) {
      browserId = newSecret(this.#randomBytes);
      this.#cookies.write(response, BROWSER_COOKIE, browserId);
    }
    return this.#token(this.#keys[0], browserId, request);
  }

  /** Throws AccessDenied unless the form was sent from a page of ours in this browser. */
  check(request: Request, parameters: Parameters): void {
    if (!this.isOurs(request, parameters))
      throw new AccessDenied('The form has expired; open the page again');
  }

  /** Whether the form was sent from a page of ours in this browser, since its session is what it is. */
  isOurs(request: Request, parameters: Parameters): boolean {
    return this.#isRight(request, parameters.get(CSRF_FIELD));
  }

  /** The same for a request of a script, which carries the token in a header. */
  isOurRequest(request: Request): boolean {
    const presented = request.headers[CSRF_HEADER];
    return this.#isRight(request, typeof presented === 'string' ? presented : undefined);
  }

  #isRight(request: Request, presented: string | undefined): boolean {
    const browserId = this.#browserId(request);
    const fetchSite = request.headers['sec-fetch-site'];
    const foreign = fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none';
    return (
      !foreign &&
      browserId !== undefined &&
      presented !== undefined &&
      this.#keys.some((key) => equalTexts(presented, this.#token(key, browserId, request)))
    );
  }

  #browserId(request: Request): string | undefined {
    const id = this.#cookies.read(request, BROWSER_COOKIE);
    return id !== undefined && BROWSER_ID.test(id) ? id : undefined;
  }

  #token({ key }: DerivedKey, browserId: string, request: Request): string {
    const session = this.#sessions.presented(request)?.toString('hex') ?? '';
    return createHmac('sha256', key).update(`${browserId} ${session}`).digest('base64url');
  }
}
