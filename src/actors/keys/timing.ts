/** A replica reads the keys again this often, whatever it is told meanwhile. */
export const RELOAD_SECONDS = 30;

/** The clocks of two replicas may differ by this much. */
export const CLOCK_SKEW_SECONDS = 60;

/** What an operator decides about the keys. */
export interface KeyPolicy {
  /** How long a verifier may keep the JWKS, by its Cache-Control. */
  readonly jwksMaxAgeSeconds: number;
  /** What a key signs, it signs for so long. */
  readonly accessTokenLifetimeSeconds: number;
  /** A key that has signed for so long is replaced; 0: none is, unless somebody asks for it. */
  readonly keyRotationSeconds: number;
}

/** When keys come and go: all of it follows from the policy, so that no two of these can contradict each other. */
export interface KeyTiming {
  readonly jwksMaxAgeSeconds: number;
  readonly rotationSeconds: number;
  /** A new key is published this long before it signs. */
  readonly publishAheadSeconds: number;
  /** What a replica knows of the keys is good for signing for so long: a key that it has not seen may sign after that. */
  readonly trustSeconds: number;
  /** A replaced key stays published for so long after its successor began to sign. */
  readonly keepSeconds: number;
}

/** Works out when keys come and go. */
export function keyTiming({
  jwksMaxAgeSeconds,
  accessTokenLifetimeSeconds,
  keyRotationSeconds,
}: KeyPolicy): KeyTiming {
  // A replica may serve the set without the new key until it reads the keys, and one attempt at that may fail. What it served last
  // may be kept by a cache on the way for the max-age, and then by a verifier that knows nothing of that cache for as long again.
  const publishAheadSeconds = 2 * RELOAD_SECONDS + 2 * jwksMaxAgeSeconds + CLOCK_SKEW_SECONDS;
  return {
    jwksMaxAgeSeconds,
    rotationSeconds: keyRotationSeconds,
    publishAheadSeconds,
    trustSeconds: publishAheadSeconds - CLOCK_SKEW_SECONDS,
    // A replica whose clock is late signs with the old key for that much longer, and a verifier's clock may be late as well.
    keepSeconds: accessTokenLifetimeSeconds + 2 * CLOCK_SKEW_SECONDS,
  };
}

/**
 * How long a verifier may keep a set that was read from the database so long ago: never so long that a key which it lacks could
 * sign meanwhile. The whole max-age, unless the database cannot be read.
 */
export function maxAgeOfSet(timing: KeyTiming, ageSeconds: number): number {
  const left = Math.floor((timing.trustSeconds - ageSeconds) / 2);
  return Math.min(timing.jwksMaxAgeSeconds, Math.max(0, left));
}

/** A date so many seconds later. */
export function secondsAfter(date: Date, seconds: number): Date {
  return new Date(date.getTime() + seconds * 1000);
}
