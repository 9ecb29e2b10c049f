/**
 * Does `load` when the result is first asked for, once for all who ask. A failure reaches those who waited for it and is then
 * forgotten: whoever asks next has it tried again.
 */
export function lazily<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}
