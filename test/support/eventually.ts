import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 20_000;
const PAUSE_MS = 10;

/**
 * Asks again until the answer is as wanted (by default: anything that counts as true), for what another process, browser or
 * connection does a moment later. Throws what was answered last if it never is.
 */
export async function eventually<Answer>(
  ask: () => Answer | Promise<Answer>,
  wanted: (answer: Answer) => boolean = Boolean,
): Promise<Answer> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > end)
      throw new Error(`it never came to be so; the last answer: ${JSON.stringify(answer)}`);
    await sleep(PAUSE_MS);
  }
}
