import type { Finding, Verdict } from './finding.ts';

const COLOURS: Readonly<Record<Verdict, number>> = { ok: 32, warning: 33, failed: 31, skipped: 90 };

export type Counts = Readonly<Record<Verdict, number>>;

export function countVerdicts(findings: readonly Finding[]): Counts {
  const counts = { ok: 0, warning: 0, failed: 0, skipped: 0 };
  for (const { verdict } of findings) counts[verdict] += 1;
  return counts;
}

/** A line for each finding, what to do about it below, and the sum at the end. */
export function formatFindings(findings: readonly Finding[], coloured: boolean): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, verdict, found, advice }) => [
    `${paint(verdict, coloured)}  ${check.padEnd(width)}  ${printable(found)}`,
    ...(advice === undefined ? [] : [`${' '.repeat(width + 11)}→ ${printable(advice)}`]),
  ]);
  const { ok, warning, failed, skipped } = countVerdicts(findings);
  return `${lines.join('\n')}\n\n${failed} failed, ${warning} warnings, ${ok} ok, ${skipped} skipped\n`;
}

/** For machines; the names of checks and verdicts do not change. */
export function findingsAsJson(findings: readonly Finding[]): string {
  return `${JSON.stringify({ counts: countVerdicts(findings), findings }, null, 2)}\n`;
}

function paint(verdict: Verdict, coloured: boolean): string {
  const padded = verdict.padEnd('warning'.length);
  return coloured ? `\u001b[${COLOURS[verdict]}m${padded}\u001b[0m` : padded;
}

/** What a server or a file has in its name must not steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}
