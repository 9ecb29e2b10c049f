import { median, summarise } from '../statistics.mjs';
import { KINDS } from './measure.mjs';

/**
 * The medians of all rounds. What an overload leaves of the peak is one median by another: of a round, either may have met a slow
 * second of the machine.
 */
export function summarizeRounds(rounds) {
  const medianOf = (of) => median(rounds.map(of));
  const few = medianOf((round) => round.few.good.perSecond);
  const many = medianOf((round) => round.many.good.perSecond);
  const [peak, best] = few > many ? [few, 'few'] : [many, 'many'];
  const peakServerShare = medianOf((round) => round[best].serverShare);
  const overload = (kind) => {
    const of = (path) => medianOf((round) => path(round[kind]));
    const share = of(({ good }) => good.perSecond) / peak;
    const serverShare = of((seen) => seen.serverShare);
    return {
      offered: of(({ offered }) => offered),
      sent: of(({ sent }) => sent),
      good: summarise(rounds.map((round) => round[kind].good)),
      shed: summarise(rounds.map((round) => round[kind].shed)),
      other: rounds.reduce((sum, round) => sum + round[kind].other, 0),
      closed: rounds.reduce((sum, round) => sum + round[kind].closed, 0),
      share,
      shares: rounds.map((round) => round[kind].good.perSecond / peak),
      serverShare,
      sharePerCore: (share * peakServerShare) / serverShare,
      recoverySeconds: medianOf((round) =>
        recoverySeconds(round[kind].after.windows, round.normal.good.p99Ms),
      ),
    };
  };
  return {
    peak,
    few,
    many,
    normal: summarise(rounds.map(({ normal }) => normal.good)),
    ceiling: { few: medianOf(({ ceiling }) => ceiling.few), all: medianOf(({ ceiling }) => ceiling.all) },
    ...Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, overload(kind)])),
  };
}

/**
 * Seconds from the end of an overload to where answers are as quick as usual, and good; Infinity where that never came.
 * @param {readonly { bad: number, p99Ms: number | null }[]} windows of a tenth of a second each
 */
function recoverySeconds(windows, normalP99Ms) {
  const isSlow = ({ bad, p99Ms }) => bad > 0 || (p99Ms ?? 0) > 2 * normalP99Ms;
  const last = windows.findLastIndex(isSlow);
  return last === windows.length - 1 ? Infinity : (last + 1) / 10;
}
