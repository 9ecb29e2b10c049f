import type { SigningAlgorithm } from '../../oauth/jwt.ts';
import type { OpenKey } from './key-vault.ts';
import type { KeyState, KeySummary } from './messages.ts';

/** The published keys of one moment, and what each of them is for. */
export class KeyRing {
  readonly keys: readonly OpenKey[];

  /** `keys`: the oldest first. */
  constructor(keys: readonly OpenKey[]) {
    this.keys = keys;
  }

  find(kid: string): OpenKey | undefined {
    return this.keys.find((key) => key.kid === kid);
  }

  /** The youngest active key of the algorithm. */
  signer(algorithm: SigningAlgorithm, now: Date): OpenKey | undefined {
    return this.keys
      .filter((key) => key.algorithm === algorithm && key.activatesAt <= now)
      .reduce<OpenKey | undefined>(
        (best, key) => (best && best.activatesAt > key.activatesAt ? best : key),
        undefined,
      );
  }

  /** When another key of the algorithm takes over, if one is waiting. */
  nextActivation(algorithm: SigningAlgorithm, now: Date): Date | undefined {
    const times = this.keys
      .filter((key) => key.algorithm === algorithm && key.activatesAt > now)
      .map((key) => key.activatesAt.getTime());
    return times.length > 0 ? new Date(Math.min(...times)) : undefined;
  }

  summaries(now: Date): readonly KeySummary[] {
    return this.keys.map((key) => ({
      kid: key.kid,
      algorithm: key.algorithm,
      state: this.#state(key, now),
      createdAt: key.createdAt,
      activatesAt: key.activatesAt,
      expiresAt: key.expiresAt,
    }));
  }

  #state(key: OpenKey, now: Date): KeyState {
    if (key.activatesAt > now) return 'next';
    return this.signer(key.algorithm, now) === key ? 'current' : 'retired';
  }
}
