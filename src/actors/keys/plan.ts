import { NotFound } from '../../oauth/errors.ts';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../../oauth/jwt.ts';
import { CLOCK_SKEW_SECONDS, secondsAfter, type KeyTiming } from './timing.ts';

/** What decides about a key. */
export interface KeyDates {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly activatesAt: Date;
  /** Null until it is replaced. */
  readonly expiresAt: Date | null;
}

/** Another time for a key to begin to sign, or to leave the JWKS. */
export type Redated = Pick<KeyDates, 'kid' | 'activatesAt' | 'expiresAt'>;

/** What is to become of the keys: decided by looking at them, while no other replica can change them. */
export interface KeyPlan {
  readonly make: readonly Pick<KeyDates, 'algorithm' | 'activatesAt'>[];
  readonly redate: readonly Redated[];
  readonly remove: readonly string[];
}

/** The key that signs: the youngest of the algorithm that is active. */
export function signingKeyOf<Key extends KeyDates>(
  keys: readonly Key[],
  algorithm: SigningAlgorithm,
  now: Date,
): Key | undefined {
  return keys
    .filter((key) => key.algorithm === algorithm && key.activatesAt <= now)
    .reduce<Key | undefined>(
      (best, key) => (best && best.activatesAt > key.activatesAt ? best : key),
      undefined,
    );
}

/** The keys of the algorithm that are published and do not sign yet, the first to do so first. */
export function waitingKeysOf<Key extends KeyDates>(
  keys: readonly Key[],
  algorithm: SigningAlgorithm,
  now: Date,
): readonly Key[] {
  return keys
    .filter((key) => key.algorithm === algorithm && key.activatesAt > now)
    .toSorted((one, other) => one.activatesAt.getTime() - other.activatesAt.getTime());
}

/** A key of each algorithm that has none. */
export function planFirstKeys(keys: readonly KeyDates[], now: Date): KeyPlan {
  const lacking = SIGNING_ALGORITHMS.filter((algorithm) => keys.every((key) => key.algorithm !== algorithm));
  return {
    make: lacking.map((algorithm) => ({ algorithm, activatesAt: atOnce(now) })),
    redate: [],
    remove: [],
  };
}

/** A successor for the key of each algorithm, unless one waits already: to ask twice makes one key. */
export function planRotation(keys: readonly KeyDates[], now: Date, timing: KeyTiming): KeyPlan {
  return replacing(
    keys,
    SIGNING_ALGORITHMS.filter((algorithm) => waitingKeysOf(keys, algorithm, now).length === 0),
    secondsAfter(now, timing.publishAheadSeconds),
    timing,
  );
}

/**
 * What the schedule has to do at this moment. Also keeps a key published for longer that was replaced by a replica which gives
 * tokens a shorter life than this one.
 */
export function planSchedule(keys: readonly KeyDates[], now: Date, timing: KeyTiming): KeyPlan {
  const due = SIGNING_ALGORITHMS.filter((algorithm) => isDue(keys, algorithm, now, timing));
  const rotation = replacing(keys, due, secondsAfter(now, timing.publishAheadSeconds), timing);
  return { ...rotation, redate: [...rotation.redate, ...cutShort(keys, now, timing)] };
}

/**
 * Takes keys out at once, published or signing. Where the key that signs is among them, the one that waits, or a new one, takes
 * its place at once. Throws NotFound.
 */
export function planRevocation(keys: readonly KeyDates[], kids: readonly string[], now: Date): KeyPlan {
  if (kids.some((kid) => keys.every((key) => key.kid !== kid)))
    throw new NotFound('There is no such published key; nothing was changed');
  const plans = SIGNING_ALGORITHMS.map((algorithm) => {
    const mine = keys.filter((key) => key.algorithm === algorithm);
    const left = mine.filter(({ kid }) => !kids.includes(kid));
    const signing = signingKeyOf(mine, algorithm, now);
    const waiting = waitingKeysOf(left, algorithm, now);
    if (left.length === mine.length) return { make: [], redate: [] };
    if (signing && left.includes(signing)) return { make: [], redate: lastOneStays([signing, ...waiting]) };
    const [next, ...later] = waiting;
    if (!next) return { make: [{ algorithm, activatesAt: atOnce(now) }], redate: [] };
    const active = { ...next, activatesAt: atOnce(now), ...(later.length === 0 && { expiresAt: null }) };
    return { make: [], redate: [active, ...(later.length === 0 ? [] : lastOneStays(later))] };
  });
  return {
    make: plans.flatMap(({ make }) => make),
    redate: plans.flatMap(({ redate }) => redate),
    remove: [...new Set(kids)],
  };
}

/** As planRevocation, except that the rows stay: should the secret turn up again, so can the key. */
export function planDiscard(keys: readonly KeyDates[], kids: readonly string[], now: Date): KeyPlan {
  const gone = keys.filter(({ kid }) => kids.includes(kid));
  const { make, redate } = planRevocation(
    keys,
    gone.map(({ kid }) => kid),
    now,
  );
  return { make, redate: [...redate, ...gone.map((key) => ({ ...key, expiresAt: now }))], remove: [] };
}

/** Whether a plan asks for anything. */
export function isEmpty({ make, redate, remove }: KeyPlan): boolean {
  return make.length + redate.length + remove.length === 0;
}

function isDue(
  keys: readonly KeyDates[],
  algorithm: SigningAlgorithm,
  now: Date,
  { rotationSeconds }: KeyTiming,
): boolean {
  const signing = signingKeyOf(keys, algorithm, now);
  if (rotationSeconds === 0 || !signing || waitingKeysOf(keys, algorithm, now).length > 0) return false;
  return secondsAfter(signing.activatesAt, rotationSeconds) <= now;
}

function replacing(
  keys: readonly KeyDates[],
  algorithms: readonly SigningAlgorithm[],
  activatesAt: Date,
  { keepSeconds }: KeyTiming,
): KeyPlan {
  const expiresAt = secondsAfter(activatesAt, keepSeconds);
  const replaced = keys.filter((key) => key.expiresAt === null && algorithms.includes(key.algorithm));
  return {
    make: algorithms.map((algorithm) => ({ algorithm, activatesAt })),
    redate: replaced.map((key) => ({ ...key, expiresAt })),
    remove: [],
  };
}

/** Keys that still sign and would leave the JWKS before what this replica signs with them has expired. */
function cutShort(keys: readonly KeyDates[], now: Date, { keepSeconds }: KeyTiming): readonly Redated[] {
  return SIGNING_ALGORITHMS.flatMap((algorithm) => {
    const signing = signingKeyOf(keys, algorithm, now);
    const [next] = waitingKeysOf(keys, algorithm, now);
    if (!signing?.expiresAt || !next) return [];
    const expiresAt = secondsAfter(next.activatesAt, keepSeconds);
    return signing.expiresAt < expiresAt ? [{ ...signing, expiresAt }] : [];
  });
}

/** The youngest of these is replaced by none any more. */
function lastOneStays(keys: readonly KeyDates[]): readonly Redated[] {
  const last = keys.at(-1);
  return last && last.expiresAt !== null ? [{ ...last, expiresAt: null }] : [];
}

/** So early that each replica signs with it as soon as it has read it, though its clock be late. */
function atOnce(now: Date): Date {
  return secondsAfter(now, -CLOCK_SKEW_SECONDS);
}
