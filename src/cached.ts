/** A failure is remembered for this long, so that a storm of questions does not become a storm of asking. */
const FAILURE_MAX_AGE_MS = 1000;

/** Asks at most once per `maxAgeMs`, and once for all who want to know meanwhile. A failure is asked for again after a second. */
export function cached<T>(ask: () => Promise<T>, maxAgeMs: number): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let askedAtMs = -Infinity;
  return () => {
    const nowMs = performance.now();
    if (!answer || nowMs - askedAtMs > maxAgeMs) {
      askedAtMs = nowMs;
      const asked = ask();
      answer = asked;
      asked.catch(() => {
        if (answer === asked)
          askedAtMs = Math.min(askedAtMs, performance.now() - maxAgeMs + FAILURE_MAX_AGE_MS);
      });
    }
    return answer;
  };
}
