import { InvalidRequest } from './errors.ts';

/** Request parameters by name, each present once and not empty. */
export type Parameters = ReadonlyMap<string, string>;

/** The one parameter that may be given more than once (RFC 8707 §2). */
const REPEATABLE = 'resource';

/**
 * Reads application/x-www-form-urlencoded text: a query or a body. A parameter without a value counts as omitted
 * (RFC 6749 §3.1); throws InvalidRequest if one is repeated (§3.1, §3.2), or contains a NUL, which PostgreSQL takes in no text.
 */
export function parseParameters(text: string): Parameters {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (name.includes('\0') || value.includes('\0')) {
      throw new InvalidRequest('A parameter contains a NUL character');
    }
    if (value === '') continue;
    if (parameters.has(name) && name !== REPEATABLE) {
      throw new InvalidRequest('A parameter is given more than once');
    }
    parameters.set(name, value);
  }
  return parameters;
}

/** A parameter that must be there; throws InvalidRequest naming it. `name` is ours, never the caller's. */
export function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name);
  if (value === undefined) throw new InvalidRequest(`The parameter ${name} is missing`);
  return value;
}
