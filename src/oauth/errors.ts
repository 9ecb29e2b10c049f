/** Every error code this server can answer with, in the words of the RFC that registers it. */
export type ErrorCode =
  // RFC 6749 §4.1.2.1 and §5.2
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'access_denied'
  | 'server_error'
  | 'temporarily_unavailable'
  // OpenID Connect Core §3.1.2.6
  | 'login_required'
  | 'consent_required'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  // RFC 6750 §3.1
  | 'invalid_token'
  | 'insufficient_scope'
  // RFC 7591 §3.2.2
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  // The admin API, which is no protocol of an RFC: the names of the statuses in RFC 9110 §15.5 and RFC 6585 §3
  | 'not_found'
  | 'conflict'
  | 'precondition_failed'
  | 'precondition_required'
  | 'unprocessable_content';

/** What is wrong with one field of a request, in a sentence; `field` is its path, as in `redirect_uris.0`. */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/**
 * An expected answer of the protocol: a refusal, not a bug.
 * Descriptions are constant sentences: they carry no input and tell nobody which check failed where that would help a thief.
 */
export abstract class OAuthError extends Error {
  abstract readonly code: ErrorCode;

  constructor(description: string, options?: ErrorOptions) {
    super(description, options);
    this.name = new.target.name;
  }
}

export class InvalidRequest extends OAuthError {
  readonly code = 'invalid_request';
}

export class InvalidClient extends OAuthError {
  readonly code = 'invalid_client';
}

export class InvalidGrant extends OAuthError {
  readonly code = 'invalid_grant';
}

export class UnauthorizedClient extends OAuthError {
  readonly code = 'unauthorized_client';
}

export class UnsupportedGrantType extends OAuthError {
  readonly code = 'unsupported_grant_type';
}

export class UnsupportedResponseType extends OAuthError {
  readonly code = 'unsupported_response_type';
}

export class InvalidScope extends OAuthError {
  readonly code = 'invalid_scope';
}

export class AccessDenied extends OAuthError {
  readonly code = 'access_denied';
}

export class ServerError extends OAuthError {
  readonly code = 'server_error';
}

/** Why a request could not be served now; kept for logs and metrics, never sent to the caller. */
export type UnavailableReason = 'storage' | 'overload' | 'deadline' | 'stopped';

export class TemporarilyUnavailable extends OAuthError {
  readonly code = 'temporarily_unavailable';
  readonly reason: UnavailableReason;

  constructor(reason: UnavailableReason, options?: ErrorOptions) {
    super('The server cannot serve this request at the moment; try again shortly', options);
    this.reason = reason;
  }
}

export class LoginRequired extends OAuthError {
  readonly code = 'login_required';
}

export class ConsentRequired extends OAuthError {
  readonly code = 'consent_required';
}

export class RequestNotSupported extends OAuthError {
  readonly code = 'request_not_supported';
}

export class RequestUriNotSupported extends OAuthError {
  readonly code = 'request_uri_not_supported';
}

export class InvalidToken extends OAuthError {
  readonly code = 'invalid_token';
}

export class InsufficientScope extends OAuthError {
  readonly code = 'insufficient_scope';
}

export class InvalidRedirectUri extends OAuthError {
  readonly code = 'invalid_redirect_uri';
}

export class InvalidClientMetadata extends OAuthError {
  readonly code = 'invalid_client_metadata';
}

export class NotFound extends OAuthError {
  readonly code = 'not_found';
}

/** What was asked for contradicts what is there; `problems` where a field is to blame. */
export class Conflict extends OAuthError {
  readonly code = 'conflict';
  readonly problems: readonly FieldProblem[];

  constructor(description: string, problems: readonly FieldProblem[] = [], options?: ErrorOptions) {
    super(description, options);
    this.problems = problems;
  }
}

/** Somebody else changed it since it was read. */
export class PreconditionFailed extends OAuthError {
  readonly code = 'precondition_failed';

  constructor(description = 'Somebody else has changed it; read it again', options?: ErrorOptions) {
    super(description, options);
  }
}

export class PreconditionRequired extends OAuthError {
  readonly code = 'precondition_required';
}

/** A request that can be read but not be done, field by field. */
export class UnprocessableContent extends OAuthError {
  readonly code = 'unprocessable_content';
  readonly problems: readonly FieldProblem[];

  constructor(problems: readonly FieldProblem[], options?: ErrorOptions) {
    super('Some fields cannot be accepted', options);
    this.problems = problems;
  }
}
