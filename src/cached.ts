/** Asks at most once per `maxAgeMs`, and once for all who want to know meanwhile. A failure is not asked for again at once. */
export function cached<T>(ask: () => Promise<T>, maxAgeMs: number): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let askedAtMs = -Infinity;
  return () => {
    const nowMs = performance.now();
    if (!answer || nowMs - askedAtMs > maxAgeMs) {
      askedAtMs = nowMs;
      answer = ask();
    }
    return answer;
  };
}
