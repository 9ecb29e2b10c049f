import type { Request, Response } from 'express';
import type { Session } from '../../actors/auth/messages.ts';
import { callerOf } from '../../middleware/request-context.ts';
import type { Parameters } from '../../oauth/parameters.ts';
import type { SessionHash } from '../../oauth/secret.ts';
import { connectedApps, findConnectedApp } from '../connected-apps.ts';
import { PATHS } from '../metadata.ts';
import type { PageParts } from '../page-parts.ts';
import { disconnectPage } from '../pages/account-apps.ts';
import { accountPage } from '../pages/account-page.ts';
import type { PasswordMistakes } from '../pages/account-password.ts';
import { endAllPage } from '../pages/account-sessions.ts';
import { text } from '../pages/text.ts';
import { readPasswordForm } from '../password-form.ts';
import { readForm, readQuery } from '../read-body.ts';
import { loginLocation } from '../return-to.ts';
import { page, redirect, sendPage } from '../send-page.ts';

type Notice = keyof typeof text.account.notices;

/** One request of a person who is signed in. */
interface Visit {
  readonly request: Request;
  readonly response: Response;
  readonly session: Session;
  readonly sessionHash: SessionHash;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** GET /account. */
export function accountRoute(parts: PageParts) {
  return signedIn(parts, async (visit) => {
    await showAccount(parts, visit, 200, { notice: noticeOf(readQuery(visit.request).get('notice')) });
  });
}

/** GET /account/password: where a browser comes back to that reloads the answer of its form. */
export function passwordRoute() {
  return page((_request, response) => {
    redirect(response, PATHS.account);
    return Promise.resolve();
  });
}

/** POST /account/password. */
export function postPasswordRoute(parts: PageParts) {
  return submitted(parts, async (visit, sent) => {
    const form = readPasswordForm(sent);
    if (form.kind === 'unfit') {
      await showAccount(parts, visit, 400, { mistakes: form.mistakes });
      return;
    }
    const { sessionHash: replaces } = visit;
    const { userId } = visit.session;
    const { currentPassword, newPassword } = form;
    const caller = callerOf(visit.response);
    const change = {
      type: 'changePassword',
      userId,
      currentPassword,
      newPassword,
      replaces,
      caller,
    } as const;
    const result = await parts.actors.auth.ask(change);
    switch (result.kind) {
      case 'changed':
        parts.sessions.begin(visit.response, result.sessionId, result.expiresAt);
        done(visit, 'password-changed');
        break;
      case 'refused':
        await showAccount(parts, visit, 400, { mistakes: { current: text.account.password.wrong } });
        break;
      case 'locked':
        visit.response.setHeader('retry-after', result.retryAfterSeconds);
        await showAccount(parts, visit, 429, {
          mistakes: { current: text.login.locked(result.retryAfterSeconds) },
        });
    }
  });
}

/** GET /account/apps/disconnect: asks first, and says what it takes along. */
export function disconnectRoute(parts: PageParts) {
  return signedIn(parts, async (visit) => {
    const clientId = readQuery(visit.request).get('client_id');
    const app = await appOf(parts, visit, clientId);
    if (!app) done(visit, 'app-gone');
    else sendPage(visit.response, 200, disconnectPage({ app, csrfToken: csrfToken(parts, visit) }));
  });
}

/** POST /account/apps/disconnect. */
export function postDisconnectRoute(parts: PageParts) {
  return submitted(parts, async (visit, form) => {
    const app = await appOf(parts, visit, form.get('client_id'));
    if (!app) {
      done(visit, 'app-gone');
      return;
    }
    const { clientId } = app;
    const { userId } = visit.session;
    const caller = callerOf(visit.response);
    await parts.actors.auth.ask({ type: 'disconnectClient', userId, clientId, caller });
    done(visit, 'app-disconnected');
  });
}

/** POST /account/sessions/end: one of the person's sessions, by its public id. */
export function endSessionRoute(parts: PageParts) {
  return submitted(parts, async (visit, form) => {
    const sessionId = form.get('session_id') ?? '';
    const { userId } = visit.session;
    const caller = callerOf(visit.response);
    const ended =
      UUID.test(sessionId) &&
      (await parts.actors.auth.ask({ type: 'endSession', userId, sessionId, caller }));
    done(visit, ended ? 'session-ended' : 'session-gone');
  });
}

/** POST /account/sessions/end-others. */
export function endOthersRoute(parts: PageParts) {
  return submitted(parts, async (visit) => {
    const { userId, sessionId: exceptSessionId } = visit.session;
    const caller = callerOf(visit.response);
    await parts.actors.auth.ask({ type: 'endSessions', userId, exceptSessionId, caller });
    done(visit, 'others-ended');
  });
}

/** GET /account/sessions/end-all: asks first. */
export function endAllRoute(parts: PageParts) {
  return signedIn(parts, (visit) => {
    sendPage(visit.response, 200, endAllPage({ csrfToken: csrfToken(parts, visit) }));
    return Promise.resolve();
  });
}

/** POST /account/sessions/end-all: this session ends too, so it leads to the page that says so. */
export function postEndAllRoute(parts: PageParts) {
  return submitted(parts, async ({ response, session: { userId } }) => {
    const caller = callerOf(response);
    await parts.actors.auth.ask({ type: 'endSessions', userId, exceptSessionId: null, caller });
    parts.sessions.end(response);
    redirect(response, PATHS.logout);
  });
}

/** A page for a person who is signed in. */
function signedIn(parts: PageParts, handle: (visit: Visit) => Promise<void>) {
  return page(async (request, response) => {
    const visit = await visitOf(parts, request, response);
    if (visit) await handle(visit);
  });
}

/** The same for what a form of ours sends. */
function submitted(parts: PageParts, handle: (visit: Visit, form: Parameters) => Promise<void>) {
  return page(async (request, response) => {
    const form = await readForm(request);
    parts.csrf.check(request, form);
    const visit = await visitOf(parts, request, response);
    if (visit) await handle(visit, form);
  });
}

/** Leads whoever is not signed in to the login, and from there to the account; resolves to undefined then. */
async function visitOf(
  { sessions }: PageParts,
  request: Request,
  response: Response,
): Promise<Visit | undefined> {
  const sessionHash = sessions.presented(request);
  const session = await sessions.find(request);
  if (session && sessionHash) return { request, response, session, sessionHash };
  redirect(response, loginLocation(PATHS.account));
  return undefined;
}

async function showAccount(
  parts: PageParts,
  visit: Visit,
  status: number,
  shown: { notice?: string | undefined; mistakes?: PasswordMistakes },
): Promise<void> {
  const { userId, username, roles, sessionId } = visit.session;
  const [apps, sessions] = await Promise.all([
    connectedApps(parts.actors, userId),
    parts.actors.auth.ask({ type: 'listSessions', userId }),
  ]);
  const view = accountPage({
    ...shown,
    username,
    isAdmin: roles.includes('admin'),
    csrfToken: csrfToken(parts, visit),
    apps,
    sessions: sessions.map((session) => ({ ...session, isThis: session.sessionId === sessionId })),
  });
  sendPage(visit.response, status, view);
}

/** The app, if it is one of the person's. */
async function appOf({ actors }: PageParts, { session }: Visit, clientId: string | undefined) {
  return clientId === undefined ? undefined : findConnectedApp(actors, session.userId, clientId);
}

function csrfToken({ csrf }: PageParts, { request, response }: Visit): string {
  return csrf.issue(request, response);
}

/** Back to the account, with a code for what was done: never a sentence, which a link could make up. */
function done({ response }: Visit, notice: Notice): void {
  redirect(response, `${PATHS.account}?notice=${notice}`);
}

function noticeOf(code: string | undefined): string | undefined {
  const { notices } = text.account;
  return code !== undefined && Object.hasOwn(notices, code) ? notices[code as Notice] : undefined;
}
