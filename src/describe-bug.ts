const FRAME = /^ {4}at .*(?::\d+:\d+|<anonymous>|native|index \d+)\)?$/;
const MAX_FRAMES = 10;

/**
 * What may be logged of an unexpected error: its class and where it happened.
 * Its message may quote a caller's input, and so may the name it was given and the head of its stack, which repeats both.
 */
export function describeBug(error: unknown): { errorName: string; frames: readonly string[] } {
  if (!(error instanceof Error)) return { errorName: typeof error, frames: [] };
  return { errorName: error.constructor.name, frames: framesOf(error).slice(0, MAX_FRAMES) };
}

/** The frames below the stack's head, for a line of the message may look like one; none if the head cannot be told apart. */
function framesOf({ message, stack }: Error): string[] {
  if (typeof stack !== 'string' || !stack.includes(message)) return [];
  const lines = stack
    .slice(stack.indexOf(message) + message.length)
    .trimEnd()
    .split('\n');
  const lastOther = lines.findLastIndex((line) => !FRAME.test(line));
  return lines.slice(lastOther + 1).map((line) => line.trim());
}
