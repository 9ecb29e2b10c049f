/** The checks by name: true, or why not. */
export type Checks = Readonly<Record<string, () => Promise<true | string> | true | string>>;

export interface ReadinessReport {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

export type Readiness = () => Promise<ReadinessReport>;

/** Runs checks at most once per `maxAgeMs`, however many probes ask. */
export function cachedReadiness(checks: Checks, maxAgeMs: number): Readiness {
  let report: Promise<ReadinessReport> | undefined;
  let madeAtMs = -Infinity;
  return () => {
    const nowMs = performance.now();
    if (!report || nowMs - madeAtMs > maxAgeMs) {
      madeAtMs = nowMs;
      report = runChecks(checks);
    }
    return report;
  };
}

async function runChecks(checks: Checks): Promise<ReadinessReport> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await outcome(check)] as const),
  );
  return {
    ready: results.every(([, result]) => result === true),
    checks: Object.fromEntries(results.map(([name, result]) => [name, result === true ? 'ok' : result])),
  };
}

async function outcome(check: Checks[string]): Promise<true | string> {
  try {
    return await check();
  } catch {
    return 'failed';
  }
}
