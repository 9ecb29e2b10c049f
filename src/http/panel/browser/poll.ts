/**
 * Does something now and again, with a pause after each time, as long as the page is open and looked at. Returns the way to
 * do it at once.
 */
export function poll(signal: AbortSignal, pauseMs: number, act: () => Promise<void>): () => Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;
  const round = (): Promise<void> => {
    clearTimeout(timer);
    running ??= act().finally(() => {
      running = undefined;
      // A page that nobody looks at asks for nothing until somebody does.
      if (!signal.aborted && !document.hidden) timer = setTimeout(() => void round(), pauseMs);
    });
    return running;
  };
  document.addEventListener(
    'visibilitychange',
    () => {
      if (!document.hidden) void round();
    },
    { signal },
  );
  signal.addEventListener('abort', () => clearTimeout(timer));
  void round();
  return round;
}
