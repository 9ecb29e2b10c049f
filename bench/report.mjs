const BUSY_GENERATOR = 0.9;
const BUSY_MACHINE = 0.25;

/** What the rounds of one server come to: the median of each figure. */
export function summarise(rounds) {
  const names = Object.keys(rounds[0]);
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((round) => round[name]))]));
}

/**
 * How much of the first contender's throughput the second reaches, and how much of the processor time that takes: of the
 * medians, and the throughput also in its worst and best round.
 */
export function compare(results) {
  const [reference, subject] = Object.values(results);
  const byRound = subject.map((round, index) => round.perSecond / reference[index].perSecond);
  const [before, after] = [summarise(reference), summarise(subject)];
  const ratio = after.perSecond / before.perSecond;
  const cpuRatio = after.cpuPer1000 && before.cpuPer1000 ? after.cpuPer1000 / before.cpuPer1000 : undefined;
  return { ratio, cpuRatio, least: Math.min(...byRound), most: Math.max(...byRound) };
}

/** One workload's results for a person. */
export function table(title, results) {
  const rows = Object.entries(results).map(([name, rounds]) => {
    const figures = summarise(rounds);
    return [
      name,
      figures.perSecond.toFixed(0),
      figures.p50Ms.toFixed(1),
      figures.p99Ms.toFixed(1),
      format(figures.cpuPer1000, 2),
      format(figures.databaseCpuPer1000, 2),
      format(figures.statementsPer1, 3),
      format(figures.residentMb, 0),
    ];
  });
  const head = ['', 'per s', 'p50 ms', 'p99 ms', 'CPU s', 'DB CPU s', 'statements', 'MB'];
  const { ratio, cpuRatio, least, most } = compare(results);
  const lines = [
    title,
    ...columns([head, ...rows]),
    `ratio ${ratio.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)} in single rounds); CPU per request ${format(cpuRatio, 2)} times`,
  ];
  const busy = Object.entries(results).filter(
    ([, rounds]) => summarise(rounds).generatorShare > BUSY_GENERATOR,
  );
  for (const [name] of busy)
    lines.push(`! the load generator was at its limit with ${name}: the figures are too low`);
  const others = Math.max(...Object.values(results).map((rounds) => summarise(rounds).othersShare ?? 0));
  if (others > BUSY_MACHINE) {
    lines.push(
      `! other work kept ${others.toFixed(1)} cores busy: the ratio is worth little; try again later`,
    );
  }
  return `${lines.join('\n')}\n`;
}

export const LEGEND =
  'CPU per 1,000 requests; statements: SQL per request, each counted; MB: the most resident memory under load.\n';

function columns(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  '),
  );
}

function format(number, digits) {
  return number === undefined ? '-' : number.toFixed(digits);
}

function median(numbers) {
  const known = numbers.filter((number) => number !== undefined).sort((a, b) => a - b);
  if (known.length === 0) return undefined;
  const middle = known.length >> 1;
  return known.length % 2 === 1 ? known[middle] : (known[middle - 1] + known[middle]) / 2;
}
