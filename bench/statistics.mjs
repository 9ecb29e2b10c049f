/** What the rounds of one subject come to: the median of each figure. */
export function summarise(rounds) {
  const names = Object.keys(rounds[0]);
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((round) => round[name]))]));
}

/**
 * How much of one subject's throughput another one reaches, and how much of its processor time that takes: of the medians,
 * and the throughput also in its worst and best round.
 */
export function compare(reference, subject) {
  const byRound = subject.map((round, index) => round.perSecond / reference[index].perSecond);
  const [before, after] = [summarise(reference), summarise(subject)];
  const ratio = after.perSecond / before.perSecond;
  const cpuRatio = after.cpuPer1000 && before.cpuPer1000 ? after.cpuPer1000 / before.cpuPer1000 : undefined;
  return { ratio, cpuRatio, least: Math.min(...byRound), most: Math.max(...byRound) };
}

/** The last tenth of the samples by the tenth before the middle: above 1, memory was still growing. */
export function memoryDrift(samples) {
  const tenth = Math.max(1, Math.floor(samples.length / 10));
  const middle = Math.floor(samples.length / 2);
  return median(samples.slice(-tenth)) / median(samples.slice(Math.max(0, middle - tenth), middle + 1));
}

/** Of those that are known; undefined where none is. */
export function median(numbers) {
  const known = numbers.filter((number) => typeof number === 'number').sort((a, b) => a - b);
  if (known.length === 0) return undefined;
  const middle = known.length >> 1;
  return known.length % 2 === 1 ? known[middle] : (known[middle - 1] + known[middle]) / 2;
}
