/**
 * Seconds from the end of an overload to where answers are as quick as usual, and good; undefined where that never came.
 * @param {readonly { bad: number, p99Ms: number | null }[]} windows of a tenth of a second each
 */
export function recoverySeconds(windows, normalP99Ms) {
  const isSlow = ({ bad, p99Ms }) => bad > 0 || (p99Ms ?? 0) > 2 * normalP99Ms;
  const last = windows.findLastIndex(isSlow);
  return last === windows.length - 1 ? undefined : (last + 1) / 10;
}

/** Prints a result for people. */
export function printReport(result, { isPinned, factor, connections, seconds }) {
  const { peak, few, many, normal } = result;
  const best = few.good.perSecond > many.good.perSecond ? few : many;
  const perCoreAtPeak = best.good.perSecond / best.serverShare;
  say(
    isPinned
      ? 'The server has core 0 for itself; the load and PostgreSQL share the others.'
      : 'The server, the load and PostgreSQL share all cores.',
  );
  say(
    `peak: ${round(peak)} tokens/s (64 connections ${round(few.good.perSecond)}, 512 ${round(many.good.perSecond)})`,
  );
  say(`ordinary load, a fifth of that: p50 ${ms(normal.good.p50Ms)}, p99 ${ms(normal.good.p99Ms)}`);
  for (const kind of ['impatient', 'patient']) {
    const {
      offered,
      sent,
      good,
      shed,
      other,
      closed,
      share,
      recoverySeconds: recovery,
      serverShare,
    } = result[kind];
    const perCore = good.perSecond / serverShare / perCoreAtPeak;
    say('');
    say(`${factor} × the peak, ${connections} ${kind} callers, ${seconds} s:`);
    say(`  offered ${round(offered)}/s, of which ${round(sent)}/s found a caller who was free to send`);
    say(
      `  good    ${round(good.perSecond)}/s = ${(share * 100).toFixed(1)} % of the peak; p50 ${ms(good.p50Ms)}, p99 ${ms(good.p99Ms)}`,
    );
    say(
      `  shed    ${round(shed.perSecond)}/s; p50 ${ms(shed.p50Ms)}, p99 ${ms(shed.p99Ms)}; other answers ${other}, closed ${closed}`,
    );
    say(
      `  back to twice the ordinary p99 after ${recovery === undefined ? 'more than 4' : recovery} s; server ${round(serverShare * 100)} % of a core`,
    );
    say(`  per second of the server's processor: ${round(perCore * 100)} % of the peak's`);
  }
}

const round = (value) => Math.round(value).toLocaleString('en');
const ms = (value) => (value === null ? '–' : `${value.toFixed(1)} ms`);

function say(line) {
  process.stdout.write(`${line}\n`);
}
