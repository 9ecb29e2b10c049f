import { expect, test } from '@jest/globals';
import { newGuardian, run, sleep, spawnProbe, turns } from '../../support/actors.ts';
import { SeededRandom } from '../../support/random.ts';

const COUNT = 10_000;

test('ten thousand asks at once get ten thousand replies, each its own', async () => {
  const guardian = newGuardian();
  const probe = spawnProbe(guardian, { mailboxLimit: COUNT, concurrency: 64, askTimeoutMs: 60_000 });
  const random = new SeededRandom(1);
  const questions = Array.from({ length: COUNT }, (_, index) => ({ index, way: random.integer(4) }));
  const replies = await Promise.all(
    questions.map((question) =>
      probe.ask(
        run(async () => {
          if (question.way === 1) await turns(1);
          if (question.way === 2) await sleep(1);
          return { to: question };
        }),
      ),
    ),
  );
  expect(replies.every(({ to }, index) => to === questions[index])).toBe(true);
  expect(guardian.stats()).toMatchObject([{ mailboxDepth: 0, inFlight: 0 }]);
});

test('ten thousand asks at once that go through three actors each come back with what all three said', async () => {
  const guardian = newGuardian();
  const limits = { mailboxLimit: COUNT, concurrency: 200, askTimeoutMs: 60_000 };
  const [last, middle, first] = ['last', 'middle', 'first'].map((name) =>
    spawnProbe(guardian, { name, ...limits }),
  ) as [ReturnType<typeof spawnProbe>, ReturnType<typeof spawnProbe>, ReturnType<typeof spawnProbe>];
  const replies = await Promise.all(
    Array.from({ length: COUNT }, (_, index) =>
      first.ask(
        run(async () => {
          const further: string = await middle.ask(
            run(async () => {
              if (index % 5 === 0) await turns(1);
              return `middle ${index}, ${await last.ask(run(() => `last ${index}`))}`;
            }),
          );
          return `first ${index}, ${further}`;
        }),
      ),
    ),
  );
  const wrong = replies.filter((reply, index) => reply !== `first ${index}, middle ${index}, last ${index}`);
  expect(wrong).toEqual([]);
  expect(guardian.stats().map(({ mailboxDepth, inFlight }) => mailboxDepth + inFlight)).toEqual([0, 0, 0]);
});
