/** The upper bounds of the histogram's buckets in milliseconds; one more bucket is for what took longer. Rows hold their counts, so never change them. */
const BOUNDS_MS = [
  1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 2000, 5000, 10_000,
] as const;

/** How many answers took how long. */
export type Durations = readonly number[];

export function noDurations(): number[] {
  return new Array<number>(BOUNDS_MS.length + 1).fill(0);
}

/** Which bucket counts a duration. */
export function bucketOf(durationMs: number): number {
  const bucket = BOUNDS_MS.findIndex((bound) => durationMs <= bound);
  return bucket < 0 ? BOUNDS_MS.length : bucket;
}

/**
 * The duration that the given share of answers does not exceed, in milliseconds; null if there are none. Within a bucket
 * answers are taken to be spread evenly.
 */
export function quantileMs(durations: Durations, share: number): number | null {
  const total = durations.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let below = 0;
  for (const [bucket, count] of durations.entries()) {
    if (count > 0 && below + count >= share * total) {
      const lower = BOUNDS_MS[bucket - 1] ?? 0;
      const upper = BOUNDS_MS[bucket] ?? lower;
      return lower + ((upper - lower) * (share * total - below)) / count;
    }
    below += count;
  }
  return BOUNDS_MS.at(-1) ?? null;
}
