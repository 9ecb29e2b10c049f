/** `skipped`: could not be looked at, for the reason that `found` gives. */
export type Verdict = 'ok' | 'warning' | 'failed' | 'skipped';

/** What one check came to. Holds no secret. */
export interface Finding {
  /** Its name, which scripts may rely on. */
  readonly check: string;
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do about a warning or a failure, in a sentence. */
  readonly advice?: string;
}

export function ok(check: string, found: string): Finding {
  return { check, verdict: 'ok', found };
}

export function skipped(check: string, found: string): Finding {
  return { check, verdict: 'skipped', found };
}

export function warning(check: string, found: string, advice: string): Finding {
  return { check, verdict: 'warning', found, advice };
}

export function failed(check: string, found: string, advice: string): Finding {
  return { check, verdict: 'failed', found, advice };
}
