import { sign, verify, type KeyObject } from 'node:crypto';
import { derSignature, joseSignature } from './ecdsa-signature.ts';

/** The signature algorithms this server issues with (RFC 7518 §3.1). */
export const SIGNING_ALGORITHMS = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
}

export interface VerificationKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicKey: KeyObject;
}

export type JwtType = 'at+jwt' | 'JWT';

/** A signed JWT in compact form (RFC 7515 §7.1). By node:crypto, which signs ten times as fast as a JOSE library does. */
export function signJwt(key: SigningKey, type: JwtType, claims: object): string {
  const input = jwtSigningInput(key, type, claims);
  return `${input}.${jwtSignature(key, input)}`;
}

/** What is signed of a JWT: its header and its claims, encoded (RFC 7515 §5.1). */
export function jwtSigningInput(key: SigningKey, type: JwtType, claims: object): string {
  return `${headerOf(key, type)}.${encode(claims)}`;
}

/** The signature of a signing input, encoded. */
export function jwtSignature({ algorithm, privateKey }: SigningKey, input: string): string {
  const made = sign('sha256', Buffer.from(input), privateKey);
  return (algorithm === 'ES256' ? joseSignature(made) : made).toString('base64url');
}

/** The key id that a JWT of this type says it was signed with, or undefined if it is no such JWT. Nothing is verified yet. */
export function claimedKeyId(token: string, type: JwtType): string | undefined {
  const end = token.indexOf('.');
  const header = end < 0 ? undefined : decode(token.slice(0, end));
  const acceptable = header?.typ === type && typeof header.kid === 'string' && !('crit' in header);
  return acceptable ? (header.kid as string) : undefined;
}

/**
 * The claims of a JWT that this key signed, or undefined. The key decides the algorithm; the token's own word for it must
 * agree (RFC 8725 §3.1). Whether the token is still valid is the caller's question.
 */
export function verifyJwt(
  token: string,
  key: VerificationKey,
): Readonly<Record<string, unknown>> | undefined {
  const [head, body, mark, ...rest] = token.split('.');
  if (head === undefined || body === undefined || mark === undefined || rest.length > 0) return undefined;
  if (decode(head)?.alg !== key.algorithm) return undefined;
  const signature = Buffer.from(mark, 'base64url');
  // A second spelling of the same signature is not the token that was issued.
  if (signature.toString('base64url') !== mark) return undefined;
  const toVerify = key.algorithm === 'ES256' ? derSignature(signature) : signature;
  const valid =
    toVerify !== undefined && verify('sha256', Buffer.from(`${head}.${body}`), key.publicKey, toVerify);
  return valid ? decode(body) : undefined;
}

/** Headers encoded before, by key: all tokens of one key and type share theirs. */
const encodedHeaders = new WeakMap<KeyObject, Map<JwtType, string>>();

function headerOf({ privateKey, algorithm, kid }: SigningKey, type: JwtType): string {
  const known = encodedHeaders.get(privateKey) ?? new Map<JwtType, string>();
  encodedHeaders.set(privateKey, known);
  const header = known.get(type) ?? encode({ alg: algorithm, typ: type, kid });
  known.set(type, header);
  return header;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
