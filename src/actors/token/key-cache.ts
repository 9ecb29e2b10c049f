import type { SigningAlgorithm, SigningKey, VerificationKey } from '../../oauth/jwt.ts';
import type { Sources } from '../../oauth/sources.ts';
import type { CurrentSigner, KeysRef } from '../keys/messages.ts';

/** A public key that left the JWKS is forgotten here after at most this long. */
const FORGET_AFTER_MS = 30_000;

/** Keeps what Keys answered for as long as it stays true, so that not every token costs a message. */
export class KeyCache {
  readonly #keys: KeysRef;
  readonly #now: Sources['now'];
  readonly #signers = new Map<SigningAlgorithm, CurrentSigner>();
  readonly #verifiers = new Map<string, VerificationKey>();
  #verifiersSinceMs = 0;

  constructor(keys: KeysRef, now: Sources['now']) {
    this.#keys = keys;
    this.#now = now;
  }

  /** The signer if it is at hand: no token need wait for a turn to learn what is known already. */
  known(algorithm: SigningAlgorithm): SigningKey | undefined {
    const signer = this.#signers.get(algorithm);
    return signer && this.#now() < signer.validUntil ? signer : undefined;
  }

  async signer(algorithm: SigningAlgorithm): Promise<SigningKey> {
    const known = this.known(algorithm);
    if (known) return known;
    const signer = await this.#keys.ask({ type: 'signer', algorithm });
    this.#signers.set(algorithm, signer);
    return signer;
  }

  /** The keys are others now. */
  forget(): void {
    this.#signers.clear();
    this.#verifiers.clear();
  }

  /** Unknown ids are not kept: a caller can make up as many as it likes. */
  async verifier(kid: string): Promise<VerificationKey | null> {
    const nowMs = this.#now().getTime();
    if (nowMs - this.#verifiersSinceMs > FORGET_AFTER_MS) {
      this.#verifiers.clear();
      this.#verifiersSinceMs = nowMs;
    }
    const known = this.#verifiers.get(kid);
    if (known) return known;
    const key = await this.#keys.ask({ type: 'verificationKey', kid });
    if (key) this.#verifiers.set(kid, key);
    return key;
  }
}
