import { signJwt, type JwtType, type SigningKey } from '../../oauth/jwt.ts';

/** A JWT that is being signed: asked for, it comes at once or when it is done. Never rejects. */
export type PendingJwt = () => string | Promise<string>;

/** Signs JWTs, in this thread or in others. */
export interface JwtSigner {
  /**
   * Begins to sign. To be called as soon as the claims are known, and asked for the JWT once that may be given out: other threads
   * sign meanwhile; this one, which has better things to do before, only then.
   */
  begin(key: SigningKey, type: JwtType, claims: object): PendingJwt;

  /** Forgets the keys whose ids are not among these, wherever it has them. */
  keepOnly(kids: ReadonlySet<string>): void;
}

/** Signs in this thread. */
export const inlineSigner: JwtSigner = {
  begin: (key, type, claims) => () => signJwt(key, type, claims),
  keepOnly: () => undefined,
};
