import { setTimeout as sleep } from 'node:timers/promises';

type Outcome = true | string;

/** The checks by name: true, or why not. */
export type Checks = Readonly<Record<string, () => Promise<Outcome> | Outcome>>;

export interface ReadinessReport {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

export type Readiness = () => Promise<ReadinessReport>;

export interface ReadinessLimits {
  /** A report is given out for this long, however many probes ask. */
  readonly maxAgeMs: number;
  /** A check that takes longer has failed: probes give up after a second, and must be told why before. */
  readonly checkTimeoutMs: number;
}

/** Runs checks once for a storm of probes, and none of them anew while it still hangs. */
export function cachedReadiness(checks: Checks, { maxAgeMs, checkTimeoutMs }: ReadinessLimits): Readiness {
  const running = new Map<string, Promise<Outcome>>();
  let report: Promise<ReadinessReport> | undefined;
  let madeAtMs = -Infinity;

  const outcome = (name: string, check: Checks[string]): Promise<Outcome> => {
    const answer = running.get(name) ?? begin(check).finally(() => running.delete(name));
    running.set(name, answer);
    return Promise.race([answer, sleep(checkTimeoutMs, 'no answer in time', { ref: false })]);
  };
  const makeReport = async (): Promise<ReadinessReport> => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await outcome(name, check)] as const),
    );
    return {
      ready: results.every(([, result]) => result === true),
      checks: Object.fromEntries(results.map(([name, result]) => [name, result === true ? 'ok' : result])),
    };
  };
  return () => {
    const nowMs = performance.now();
    if (!report || nowMs - madeAtMs > maxAgeMs) {
      madeAtMs = nowMs;
      report = makeReport();
    }
    return report;
  };
}

/** What a check throws stays out of the answer. */
async function begin(check: Checks[string]): Promise<Outcome> {
  try {
    return await check();
  } catch {
    return 'failed';
  }
}
