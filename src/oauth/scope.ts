import { InvalidScope } from './errors.ts';

/** A set of scope tokens in the order they were given, without repeats. */
export type Scope = readonly string[];

const TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;
const MAX_TOKENS = 64;

/** What a client may ask for when its registration names no scope. */
export const DEFAULT_SCOPE: Scope = ['openid', 'profile', 'email', 'offline_access'];

/** Parses a scope parameter (RFC 6749 §3.3). Throws InvalidScope on a character outside the grammar. */
export function parseScope(text: string): Scope {
  const tokens = [...new Set(text.split(' ').filter((token) => token !== ''))];
  if (tokens.length > MAX_TOKENS || !tokens.every((token) => TOKEN.test(token))) {
    throw new InvalidScope('The scope is malformed');
  }
  return tokens;
}

/** The scope as it goes over the wire. */
export function formatScope(scope: Scope): string {
  return scope.join(' ');
}

/** Whether each token of `scope` is in `within`. */
export function isWithin(scope: Scope, within: Scope): boolean {
  return scope.every((token) => within.includes(token));
}

/** Scopes that open the admin API; no registration over the network grants them. */
export function isAdminScope(token: string): boolean {
  return token === 'admin' || token.startsWith('admin:');
}

/**
 * What a person is asked to consent to: the part of the request that the client may have, all of it if none was requested.
 * Unknown tokens are ignored (OpenID Connect Core §3.1.2.1); if nothing is left, throws InvalidScope.
 */
export function narrowScope(requested: Scope | undefined, allowed: Scope): Scope {
  const granted = requested === undefined ? allowed : requested.filter((token) => allowed.includes(token));
  if (granted.length === 0) throw new InvalidScope('None of the requested scope is available to this client');
  return granted;
}

/** What a machine gets: all that it asked for, or InvalidScope; without a request, everything it may have. */
export function exactScope(requested: Scope | undefined, allowed: Scope): Scope {
  const granted = requested ?? allowed;
  if (granted.length === 0 || !isWithin(granted, allowed)) {
    throw new InvalidScope('The requested scope exceeds what this client may have');
  }
  return granted;
}
