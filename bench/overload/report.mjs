import { FACTOR, KINDS, OVERLOAD_BY_PEAK, SECONDS_OF_ORDINARY } from './measure.mjs';

/** Prints a summary for people. */
export function printReport(summary, { isPinned, connections, seconds, rounds }) {
  const { peak, few, many, normal, ceiling } = summary;
  say(
    isPinned
      ? 'The server has core 0 for itself; the load and PostgreSQL share the others.'
      : 'The server, the load and PostgreSQL share all cores.',
  );
  say(`Medians of ${rounds} rounds.`);
  say(`peak: ${round(peak)} tokens/s (64 connections ${round(few)}, 512 ${round(many)})`);
  say(`ordinary load, a fifth of that: p50 ${ms(normal.p50Ms)}, p99 ${ms(normal.p99Ms)}`);
  say(
    `the ceiling, bare: ${round(ceiling.few)}/s with 64 connections, ${round(ceiling.all)}/s with ${connections}: ${percent(ceiling.all / ceiling.few)}`,
  );
  for (const kind of Object.keys(KINDS)) {
    const seen = summary[kind];
    const { good, shed } = seen;
    const least = percent(Math.min(...seen.shares));
    const most = percent(Math.max(...seen.shares));
    say('');
    say(`${FACTOR} × the peak, ${connections} ${kind} callers, ${OVERLOAD_BY_PEAK * seconds} s:`);
    say(
      `  offered ${round(seen.offered)}/s, of which ${round(seen.sent)}/s found a caller who was free to send`,
    );
    say(
      `  good    ${round(good.perSecond)}/s = ${percent(seen.share)} of the peak (rounds ${least} to ${most}); p50 ${ms(good.p50Ms)}, p99 ${ms(good.p99Ms)}`,
    );
    say(
      `  shed    ${round(shed.perSecond)}/s; p50 ${ms(shed.p50Ms)}, p99 ${ms(shed.p99Ms)}; other answers ${seen.other}, closed ${seen.closed}`,
    );
    say(
      `  back to twice the ordinary p99 after ${Number.isFinite(seen.recoverySeconds) ? seen.recoverySeconds : `more than ${SECONDS_OF_ORDINARY}`} s; server ${round(seen.serverShare * 100)} % of a core`,
    );
    say(`  per second of the server's processor: ${percent(seen.sharePerCore)} of the peak's`);
  }
}

const round = (value) => Math.round(value).toLocaleString('en');
const percent = (value) => `${(value * 100).toFixed(0)} %`;
const ms = (value) => (value === undefined ? '–' : `${value.toFixed(1)} ms`);

function say(line) {
  process.stdout.write(`${line}\n`);
}
