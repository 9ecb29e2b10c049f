/**
 * Seconds from the end of an overload to where answers are as quick as usual, and good; undefined where that never came.
 * @param {readonly { bad: number, p99Ms: number | null }[]} windows of a tenth of a second each
 */
export function recoverySeconds(windows, normalP99Ms) {
  const isSlow = ({ bad, p99Ms }) => bad > 0 || (p99Ms ?? 0) > 2 * normalP99Ms;
  const last = windows.findLastIndex(isSlow);
  return last === windows.length - 1 ? undefined : (last + 1) / 10;
}

/** Of each kind of load the round in the middle, by what was answered well; with it the shares of all rounds. */
export function middleOf(rounds) {
  const middle = (of) => rounds.map(of).toSorted((a, b) => a - b)[rounds.length >> 1];
  const peak = middle((round) => round.peak);
  const { few, many, normal } = rounds.find((round) => round.peak === peak);
  const overload = (kind) => {
    const share = middle((round) => round[kind].share);
    const round = rounds.find((one) => one[kind].share === share);
    return { ...round[kind], shares: rounds.map((one) => one[kind].share) };
  };
  return { peak, few, many, normal, impatient: overload('impatient'), patient: overload('patient') };
}

/** Prints a result for people. */
export function printReport(result, { isPinned, factor, connections, seconds, rounds, watchedSeconds }) {
  const { peak, few, many, normal } = result;
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
      shares,
      sharePerCore,
      recoverySeconds: recovery,
      serverShare,
    } = result[kind];
    say('');
    say(
      `${factor} × the peak, ${connections} ${kind} callers, ${seconds} s, the middle of ${rounds} rounds:`,
    );
    say(`  offered ${round(offered)}/s, of which ${round(sent)}/s found a caller who was free to send`);
    say(
      `  good    ${round(good.perSecond)}/s = ${percent(share)} of the peak of its round (${shares.map(percent).join(', ')}); p50 ${ms(good.p50Ms)}, p99 ${ms(good.p99Ms)}`,
    );
    say(
      `  shed    ${round(shed.perSecond)}/s; p50 ${ms(shed.p50Ms)}, p99 ${ms(shed.p99Ms)}; other answers ${other}, closed ${closed}`,
    );
    say(
      `  back to twice the ordinary p99 after ${recovery === undefined ? `more than ${watchedSeconds}` : recovery} s; server ${round(serverShare * 100)} % of a core`,
    );
    say(`  per second of the server's processor: ${percent(sharePerCore)} of the peak's`);
  }
}

const round = (value) => Math.round(value).toLocaleString('en');
const percent = (value) => `${(value * 100).toFixed(0)} %`;
const ms = (value) => (value === null ? '–' : `${value.toFixed(1)} ms`);

function say(line) {
  process.stdout.write(`${line}\n`);
}
