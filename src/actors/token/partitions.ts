const DAY_MS = 86_400_000;

/** Days of partitions that exist ahead of the clock: the longest lifetime, and a week without a sweep. */
const DAYS_AHEAD = 8;

/** A partition stays this long after its last token expired, for clocks that disagree. */
const KEEP_MS = 3_600_000;

/** One partition of access_tokens: the tokens that expire on one day (UTC). */
export interface Partition {
  readonly name: string;
  readonly from: Date;
  readonly to: Date;
}

const NAME = /^access_tokens_(\d{4})(\d{2})(\d{2})$/;

/** The partitions that must exist now. */
export function neededPartitions(now: Date): readonly Partition[] {
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  return Array.from({ length: DAYS_AHEAD + 1 }, (_, day) => {
    const from = new Date(today + day * DAY_MS);
    return {
      name: `access_tokens_${from.toISOString().slice(0, 10).replaceAll('-', '')}`,
      from,
      to: new Date(from.getTime() + DAY_MS),
    };
  });
}

/** Which of the existing partitions hold nothing but expired tokens. */
export function expiredPartitions(existing: readonly string[], now: Date): readonly string[] {
  return existing.filter((name) => {
    const [, year, month, day] = NAME.exec(name) ?? [];
    if (year === undefined) return false;
    const endMs = Date.UTC(Number(year), Number(month) - 1, Number(day)) + DAY_MS;
    return endMs + KEEP_MS <= now.getTime();
  });
}
