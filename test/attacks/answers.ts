import { expect } from '@jest/globals';

export const FORM = 'application/x-www-form-urlencoded';
/** Every address that takes a POST. */
export const POSTED = [
  '/oauth/authorize',
  '/oauth/authorize/decision',
  '/oauth/token',
  '/oauth/introspect',
  '/oauth/revoke',
  '/oauth/userinfo',
  '/clients/register',
  '/auth/login',
  '/auth/logout',
  '/account/password',
  '/account/apps/disconnect',
  '/account/sessions/end',
  '/account/sessions/end-others',
  '/account/sessions/end-all',
];
/** Every address that takes a GET. */
export const READ = [
  '/oauth/authorize',
  '/oauth/userinfo',
  '/.well-known/jwks.json',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/auth/login',
  '/auth/logout',
  '/account',
  '/account/password',
  '/account/apps/disconnect',
  '/account/sessions/end-all',
  '/health',
  '/ready',
  '/assets/stagedoor.css',
];
const TRACE = /\n\s+at |node_modules|\/src\/|SQLSTATE|select |insert |TypeError|StatementFailed/;

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly location: string | null;
}

/** One request; no redirect is followed. */
export async function send(base: string, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(base + path, { redirect: 'manual', ...init });
  return { status: response.status, text: await response.text(), location: response.headers.get('location') };
}

/** Whatever is sent, the answer is an answer: no fault of the server, and nothing of its inside. */
export function expectAnswered(answer: Answer, sent: unknown): void {
  expect({ sent, fault: answer.status >= 500 || answer.status < 200 }).toEqual({ sent, fault: false });
  expect({ sent, trace: TRACE.exec(answer.text)?.[0] }).toEqual({ sent, trace: undefined });
}

/** The same for what cannot succeed: a 4xx, or an error that is sent to the client's redirect URI. */
export function expectRefused(answer: Answer, sent: unknown): void {
  expectAnswered(answer, sent);
  const refused = answer.status >= 400 || (answer.location ?? '').includes('error=');
  expect({ sent, refused, status: answer.status }).toEqual({ sent, refused: true, status: answer.status });
}
