// The peak of a server, and what it does with five times that.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startChild } from '../children.mjs';

const GENERATOR = fileURLToPath(new URL('generator.mjs', import.meta.url));
const FEW = 64;
const MANY = 512;
const WARM_SECONDS = 4;

export const FACTOR = 5;
const ORDINARY_SHARE = 0.2;
export const SECONDS_OF_ORDINARY = 3;
/** Longer than the longest rest of a connection, or nobody's end of it would be seen. */
export const OVERLOAD_BY_PEAK = 2;
/** Whether the callers keep to Retry-After. */
export const KINDS = { impatient: false, patient: true };

/** Has a server compile what it needs. */
export async function warm(server) {
  await generate(server, { connections: FEW, rate: 0, seconds: WARM_SECONDS });
}

/** Each caller sends the next request when the last one is answered: what so many connections cost a server that does the least. */
export async function measureCeiling(ceiling, { connections, seconds }) {
  const few = await generate(ceiling, { connections: FEW, rate: 0, seconds });
  const all = await generate(ceiling, { connections, rate: 0, seconds });
  return { few: few.good.perSecond, all: all.good.perSecond };
}

/** The peak and both overloads, one soon after the other: the machine drifts. */
export async function measureRound(server, { connections, seconds }) {
  const run = (job) => generate(server, job);
  const few = await run({ connections: FEW, rate: 0, seconds });
  const many = await run({ connections: MANY, rate: 0, seconds });
  const peak = Math.max(few.good.perSecond, many.good.perSecond);
  const ordinary = { connections: FEW, rate: peak * ORDINARY_SHARE, seconds: SECONDS_OF_ORDINARY };
  const normal = await run(ordinary);
  const round = { few, many, normal };
  for (const [kind, patient] of Object.entries(KINDS)) {
    const job = { connections, rate: FACTOR * peak, seconds: OVERLOAD_BY_PEAK * seconds, patient };
    round[kind] = await run({ ...job, after: ordinary });
  }
  return round;
}

async function generate({ base, client, pids: [pid] }, job) {
  const body = new URLSearchParams({ ...client, grant_type: 'client_credentials' }).toString();
  const head = [
    'POST /oauth/token HTTP/1.1',
    `Host: ${new URL(base).host}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
  ];
  const whole = {
    port: Number(new URL(base).port),
    request: `${head.join('\r\n')}\r\n\r\n${body}`,
    pid,
    ...job,
  };
  const child = startChild(process.execPath, [GENERATOR, JSON.stringify(whole)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the generator ended with ${code}`);
  return JSON.parse(output);
}
