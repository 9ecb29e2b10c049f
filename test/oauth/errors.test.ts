import { expect, test } from '@jest/globals';
import * as errors from '../../src/oauth/errors.ts';
import { OAuthError, TemporarilyUnavailable, type ErrorCode } from '../../src/oauth/errors.ts';

/** Each class of error and the code that its RFC registers. */
const CODES = {
  InvalidRequest: 'invalid_request',
  InvalidClient: 'invalid_client',
  InvalidGrant: 'invalid_grant',
  UnauthorizedClient: 'unauthorized_client',
  UnsupportedGrantType: 'unsupported_grant_type',
  UnsupportedResponseType: 'unsupported_response_type',
  InvalidScope: 'invalid_scope',
  AccessDenied: 'access_denied',
  ServerError: 'server_error',
  LoginRequired: 'login_required',
  ConsentRequired: 'consent_required',
  RequestNotSupported: 'request_not_supported',
  RequestUriNotSupported: 'request_uri_not_supported',
  InvalidToken: 'invalid_token',
  InsufficientScope: 'insufficient_scope',
  InvalidRedirectUri: 'invalid_redirect_uri',
  InvalidClientMetadata: 'invalid_client_metadata',
  NotFound: 'not_found',
  PreconditionFailed: 'precondition_failed',
  PreconditionRequired: 'precondition_required',
} as const satisfies Record<string, ErrorCode>;

test.each(Object.entries(CODES))('%s answers %s, with its description and its cause', (name, code) => {
  const ErrorClass = errors[name as keyof typeof CODES];
  const cause = new Error('why');
  const error = new ErrorClass('A sentence', { cause });
  expect(error).toBeInstanceOf(OAuthError);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name, code, message: 'A sentence', cause });
  expect(error.stack).toContain('errors.test.ts');
});

test('there is no error class without a line in this table', () => {
  const classes = Object.keys(errors).filter((name) => name !== 'OAuthError');
  expect(classes.sort()).toEqual(
    [...Object.keys(CODES), 'Conflict', 'TemporarilyUnavailable', 'UnprocessableContent'].sort(),
  );
});

test('refusals of the admin API name the fields that are to blame', () => {
  const problems = [{ field: 'username', message: 'The name is taken' }];
  const cause = new Error('why');
  expect(new errors.Conflict('A sentence', problems, { cause })).toMatchObject({
    code: 'conflict',
    message: 'A sentence',
    problems,
    cause,
  });
  expect(new errors.UnprocessableContent(problems)).toMatchObject({
    code: 'unprocessable_content',
    problems,
  });
});

test('why a server is unavailable is kept for the log, and the caller reads the same sentence whatever it was', () => {
  const reasons = ['storage', 'overload', 'deadline', 'stopped'] as const;
  const all = reasons.map((reason) => new TemporarilyUnavailable(reason));
  expect(all.map(({ reason }) => reason)).toEqual(reasons);
  expect(new Set(all.map(({ message, code, name }) => [message, code, name].join())).size).toBe(1);
  expect(all[0]).toMatchObject({ code: 'temporarily_unavailable', name: 'TemporarilyUnavailable' });
  for (const { message } of all) for (const reason of reasons) expect(message).not.toContain(reason);
  const cause = new Error('connection refused');
  expect(new TemporarilyUnavailable('storage', { cause }).cause).toBe(cause);
});
