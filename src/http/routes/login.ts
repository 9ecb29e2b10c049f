import type { Request, Response } from 'express';
import { callerOf } from '../../middleware/request-context.ts';
import type { LoginResult } from '../../actors/auth/messages.ts';
import { OAuthError } from '../../oauth/errors.ts';
import { parseParameters } from '../../oauth/parameters.ts';
import { redirectSource } from '../../oauth/redirect-uri.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import { findTarget } from '../authorization.ts';
import type { PageParts } from '../page-parts.ts';
import { loginPage } from '../pages/login-page.ts';
import { text } from '../pages/text.ts';
import { readForm, readQuery } from '../read-body.ts';
import { authorizationQuery, safeReturnTo } from '../return-to.ts';
import { page, redirect, sendPage } from '../send-page.ts';

interface LoginAttempt {
  readonly returnTo: string;
  readonly failed?: Exclude<LoginResult, { kind: 'signed in' }>;
  readonly username?: string | undefined;
}

/** GET /auth/login. */
export function loginRoute(parts: PageParts) {
  return page(async (request, response) => {
    const parameters = readQuery(request);
    await showLogin(parts, request, response, {
      returnTo: safeReturnTo(parameters.get('return_to')),
      username: usernameHint(parameters.get('return_to')),
    });
  });
}

/** POST /auth/login. */
export function postLoginRoute(parts: PageParts) {
  return page(async (request, response) => {
    const form = await readForm(request);
    const returnTo = safeReturnTo(form.get('return_to'));
    // The person has signed in in another tab meanwhile, which this tab's form does not know.
    if (!parts.csrf.isOurs(request, form) && (await parts.sessions.find(request))) {
      redirect(response, returnTo);
      return;
    }
    parts.csrf.check(request, form);
    const username = form.get('username') ?? '';
    const result = await parts.actors.auth.ask({
      type: 'logIn',
      username,
      password: new Sensitive(form.get('password') ?? ''),
      replaces: parts.sessions.presented(request),
      userAgent: request.headers['user-agent'] ?? null,
      caller: callerOf(response),
    });
    if (result.kind !== 'signed in') {
      await showLogin(parts, request, response, { returnTo, failed: result, username });
      return;
    }
    parts.sessions.begin(response, result.sessionId, result.expiresAt);
    redirect(response, returnTo);
  });
}

async function showLogin(
  parts: PageParts,
  request: Request,
  response: Response,
  { returnTo, failed, username }: LoginAttempt,
): Promise<void> {
  const destination = await destinationOf(parts, returnTo, response);
  const csrfToken = parts.csrf.issue(request, response);
  const lockedSeconds = failed?.kind === 'locked' ? failed.retryAfterSeconds : undefined;
  if (lockedSeconds !== undefined) response.setHeader('retry-after', lockedSeconds);
  const view = loginPage({
    clientName: destination?.clientName,
    username,
    failure: failed && (lockedSeconds === undefined ? text.login.failed : text.login.locked(lockedSeconds)),
    csrfToken,
    returnTo,
  });
  const status = failed === undefined ? 200 : lockedSeconds === undefined ? 401 : 429;
  sendPage(response, status, view, destination ? [destination.source] : []);
}

/** Whom the person signs in for, and where the browser may be sent in the end, if the request is one that we would serve. */
async function destinationOf(
  { actors, issuer }: PageParts,
  returnTo: string,
  response: Response,
): Promise<{ clientName: string; source: string } | undefined> {
  const query = authorizationQuery(returnTo);
  if (query === undefined) return undefined;
  try {
    const { client, target } = await findTarget(actors, issuer, parseParameters(query), response);
    return { clientName: client.clientName, source: redirectSource(target.redirectUri) };
  } catch (error) {
    if (error instanceof OAuthError) return undefined;
    throw error;
  }
}

/** The login_hint of the request that the login leads back to (OpenID Connect Core §3.1.2.1). */
function usernameHint(returnTo: string | undefined): string | undefined {
  const query = authorizationQuery(returnTo ?? '');
  return query === undefined ? undefined : (new URLSearchParams(query).get('login_hint') ?? undefined);
}
