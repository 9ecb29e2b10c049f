import type { Request, Response } from 'express';
import type { Session } from '../../actors/auth/messages.ts';
import { CSRF_FIELD } from '../../middleware/csrf.ts';
import { callerOf } from '../../middleware/request-context.ts';
import type { Prompt } from '../../oauth/authorization-request.ts';
import { AccessDenied, ConsentRequired, InvalidRequest, LoginRequired } from '../../oauth/errors.ts';
import type { Parameters } from '../../oauth/parameters.ts';
import { redirectSource, redirectTarget } from '../../oauth/redirect-uri.ts';
import {
  authorize,
  findTarget,
  needsConsent,
  validateRequest,
  type ValidAuthorization,
} from '../authorization.ts';
import { respondWithError } from '../authorization-response.ts';
import { PATHS } from '../metadata.ts';
import type { PageParts } from '../page-parts.ts';
import { consentPage } from '../pages/consent-page.ts';
import { readForm, readQuery } from '../read-body.ts';
import { authorizeLocation, loginLocation } from '../return-to.ts';
import { page, redirect, sendPage } from '../send-page.ts';

/**
 * GET /oauth/authorize (RFC 6749 §4.1.1): login, then consent, then the code. Nothing is redirected, errors included, before
 * the person is signed in, so that a link to us cannot lead unawares to whatever client it names (RFC 9700 §4.11.2); the
 * silent request is the exception.
 */
export function authorizeRoute(parts: PageParts) {
  return page(async (request, response) => {
    const parameters = readQuery(request);
    const silent = isSilent(parameters);
    const { client, target } = await findTarget(parts.actors, parts.issuer, parameters, response);
    const session = await parts.sessions.find(request);
    if (!session && !silent) {
      redirect(response, loginLocation(afterLogin(parameters)));
      return;
    }
    const valid = validateRequest(client, target, parameters, session, response);
    if (!valid) return;
    const fitness = session && (await judgeSession(parts, parameters, valid, session));
    if (!session || fitness !== 'good') {
      // Whoever was sent to sign in as somebody else and did not will not be sent again.
      const isFinal = silent || (fitness === 'foreign' && parameters.has(LOGIN_ASKED));
      if (isFinal) respondWithError(response, target, new LoginRequired('The person is not signed in'));
      else redirect(response, loginLocation(afterLogin(parameters, fitness === 'foreign')));
      return;
    }
    if (await needsConsent(parts.actors, valid, session)) {
      if (silent) respondWithError(response, target, new ConsentRequired('The person must be asked'));
      else showConsent(parts, request, response, parameters, valid, session);
      return;
    }
    await authorize(parts.actors, response, valid, session);
  });
}

function isSilent(parameters: Parameters): boolean {
  return (parameters.get('prompt') ?? '').split(' ').includes('none');
}

/**
 * POST /oauth/authorize (OpenID Connect Core §3.1.2.1): becomes the GET, which brings the session's cookie along where a
 * form of another site does not.
 */
export function postAuthorizeRoute() {
  return page(async (request, response) => {
    const query = new URLSearchParams([...(await readForm(request))]);
    redirect(response, authorizeLocation(query));
  });
}

/** POST /oauth/authorize/decision: what the person chose on the consent page. */
export function decisionRoute(parts: PageParts) {
  return page(async (request, response) => {
    const form = await readForm(request);
    parts.csrf.check(request, form);
    const session = await parts.sessions.find(request);
    const parameters: Parameters = new Map(
      [...form].filter(([name]) => name !== CSRF_FIELD && name !== 'decision'),
    );
    if (!session) {
      redirect(response, loginLocation(afterLogin(parameters)));
      return;
    }
    const { client, target } = await findTarget(parts.actors, parts.issuer, parameters, response);
    const valid = validateRequest(client, target, parameters, session, response);
    if (!valid) return;
    const allow = isAllowed(form);
    await parts.actors.auth.ask({
      type: 'decideConsent',
      userId: session.userId,
      clientId: valid.client.clientId,
      scope: valid.asked.scope,
      allow,
      caller: callerOf(response),
    });
    if (allow) await authorize(parts.actors, response, valid, session);
    else respondWithError(response, valid.target, new AccessDenied('The person refused'));
  });
}

function isAllowed(form: Parameters): boolean {
  const decision = form.get('decision');
  if (decision !== 'allow' && decision !== 'deny') throw new InvalidRequest('The decision is missing');
  return decision === 'allow';
}

function showConsent(
  { csrf }: PageParts,
  request: Request,
  response: Response,
  parameters: Parameters,
  { client, target, asked }: ValidAuthorization,
  session: Session,
): void {
  const view = consentPage({
    clientName: client.clientName,
    clientUri: client.clientUri ?? undefined,
    nameVerified: client.firstParty,
    username: session.username,
    scopes: asked.scope,
    redirectTarget: redirectTarget(target.redirectUri),
    csrfToken: csrf.issue(request, response),
    parameters: [...parameters],
  });
  sendPage(response, 200, view, [redirectSource(target.redirectUri)]);
}

const FRESH_LOGIN: readonly Prompt[] = ['login', 'select_account'];

/** Marks the request of somebody who was sent to the login because another person was signed in than the client expects. */
const LOGIN_ASKED = 'login_asked';

/** Whether the session will do for this request, is not fresh enough, or is another person's than the client expects. */
async function judgeSession(
  { actors, now }: PageParts,
  parameters: Parameters,
  { asked }: ValidAuthorization,
  session: Session,
): Promise<'good' | 'stale' | 'foreign'> {
  if (FRESH_LOGIN.some((prompt) => asked.prompts.includes(prompt))) return 'stale';
  const ageSeconds = (now().getTime() - session.authenticatedAt.getTime()) / 1000;
  if (asked.maxAgeSeconds !== null && ageSeconds > asked.maxAgeSeconds) return 'stale';
  const idToken = parameters.get('id_token_hint');
  if (idToken === undefined) return 'good';
  // The client expects one person and must get no other's tokens (OpenID Connect Core §3.1.2.2).
  const expected = await actors.tokens.ask({ type: 'identify', idToken });
  // Not a token of ours, or one whose key is long gone: worth as much as no hint, which anybody can leave out of a link.
  const tellsNothing = expected === null && !asked.prompts.includes('none');
  return tellsNothing || expected === session.userId ? 'good' : 'foreign';
}

/** The request as it continues after a login: what asked for a fresh one is satisfied then, and would ask forever. */
function afterLogin(parameters: Parameters, forAnotherPerson = false): string {
  const query = new URLSearchParams([...parameters]);
  if (forAnotherPerson) query.set(LOGIN_ASKED, '1');
  query.delete('max_age');
  const prompts = (query.get('prompt') ?? '')
    .split(' ')
    .filter((prompt) => !FRESH_LOGIN.includes(prompt as Prompt));
  query.delete('prompt');
  if (prompts.join('') !== '') query.set('prompt', prompts.join(' '));
  return `${PATHS.authorize}?${query.toString()}`;
}
