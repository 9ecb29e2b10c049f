import { InvalidScope, UnsupportedGrantType } from './errors.ts';
import { required, type Parameters } from './parameters.ts';
import { parseScope, type Scope } from './scope.ts';
import { hashSecret, type CodeHash } from './secret.ts';

/** A token request, parsed: one shape per grant type (RFC 6749 §4.1.3, §4.4.2, §6). */
export type TokenRequest =
  | {
      readonly grantType: 'authorization_code';
      readonly codeHash: CodeHash;
      readonly redirectUri: string | undefined;
      readonly codeVerifier: string | undefined;
    }
  | { readonly grantType: 'refresh_token'; readonly refreshToken: string; readonly scope: Scope | undefined }
  | { readonly grantType: 'client_credentials'; readonly scope: Scope | undefined };

/** Reads a token request. Throws InvalidRequest, InvalidScope or UnsupportedGrantType. */
export function parseTokenRequest(parameters: Parameters): TokenRequest {
  const grantType = required(parameters, 'grant_type');
  switch (grantType) {
    case 'authorization_code':
      return {
        grantType,
        codeHash: hashSecret(required(parameters, 'code')),
        redirectUri: parameters.get('redirect_uri'),
        codeVerifier: parameters.get('code_verifier'),
      };
    case 'refresh_token':
      return { grantType, refreshToken: required(parameters, 'refresh_token'), scope: scopeOf(parameters) };
    case 'client_credentials':
      return { grantType, scope: scopeOf(parameters) };
    default:
      throw new UnsupportedGrantType('The grant type is not supported');
  }
}

function scopeOf(parameters: Parameters): Scope | undefined {
  const text = parameters.get('scope');
  if (text === undefined) return undefined;
  const scope = parseScope(text);
  if (scope.length === 0) throw new InvalidScope('The scope is empty');
  return scope;
}
