import type { SigningAlgorithm } from '../../oauth/jwt.ts';
import type { OpenKey } from './key-vault.ts';
import type { KeyState, KeySummary } from './messages.ts';
import { signingKeyOf, waitingKeysOf } from './plan.ts';

/** The published keys as the database had them at one moment, and what each of them is for. */
export class KeyRing {
  readonly keys: readonly OpenKey[];
  /** When the database was asked for them. */
  readonly readAt: Date;

  /** `keys`: the oldest first. */
  constructor(keys: readonly OpenKey[], readAt: Date) {
    this.keys = keys;
    this.readAt = readAt;
  }

  find(kid: string): OpenKey | undefined {
    return this.keys.find((key) => key.kid === kid);
  }

  signer(algorithm: SigningAlgorithm, now: Date): OpenKey | undefined {
    return signingKeyOf(this.keys, algorithm, now);
  }

  /** When another key of the algorithm takes over, if one is waiting. */
  nextActivation(algorithm: SigningAlgorithm, now: Date): Date | undefined {
    return waitingKeysOf(this.keys, algorithm, now)[0]?.activatesAt;
  }

  /** The keys that sign, now or later. */
  unretired(now: Date): readonly OpenKey[] {
    return this.keys.filter((key) => this.#state(key, now) !== 'retired');
  }

  ageSeconds(now: Date): number {
    return (now.getTime() - this.readAt.getTime()) / 1000;
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
