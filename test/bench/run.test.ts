import { beforeAll, describe, expect, test } from '@jest/globals';
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

interface Run {
  readonly workload: string;
  readonly connections: number;
  readonly results: Readonly<
    Record<string, { readonly rounds?: readonly Round[]; readonly failed?: string } | undefined>
  >;
}

interface Round {
  readonly counted: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly residentMb?: number;
  readonly statementsPer1?: number;
}

interface Report {
  readonly machine: { readonly node: string; readonly generator: string };
  readonly subjects: Readonly<Record<string, { readonly processes: number }>>;
  readonly runs: readonly Run[];
  readonly goals: readonly { readonly goal: string; readonly met?: boolean }[];
}

const WORKLOADS = ['mix', 'code', 'introspect-revoked'];
const FLAGS = [
  ...['bare', 'stagedoor'].flatMap((name) => ['--subject', name]),
  ...WORKLOADS.flatMap((name) => ['--workload', name]),
  ...'--seconds 1 --rounds 1 --warm-up 0 --connections 2 --tokens 40 --generator autocannon --goals --json'.split(
    ' ',
  ),
];

const bench = (...flags: readonly string[]) =>
  promisify(execFile)(process.execPath, ['bench/run.mjs', ...flags], { timeout: 110_000 });

// The benchmark is plain JavaScript, and run as such.
const PAGE = `
  import { readFileSync } from 'node:fs';
  import { markdown } from './bench/page/tables.mjs';
  process.stdout.write(markdown(JSON.parse(readFileSync(0, 'utf8'))));`;

describe('the benchmark', () => {
  let report: Report;

  beforeAll(async () => {
    const { stdout } = await bench(...FLAGS);
    report = JSON.parse(stdout) as Report;
  }, 120_000);

  test('says what it ran on', () => {
    expect(report.machine).toMatchObject({ node: process.version, generator: 'autocannon' });
    expect(report.subjects).toMatchObject({ bare: { processes: 1 }, stagedoor: { processes: 1 } });
  });

  test('measures every workload with every subject', () => {
    expect(report.runs.map(({ workload, connections }) => [workload, connections])).toEqual(
      WORKLOADS.map((workload) => [workload, 2]),
    );
    for (const { results } of report.runs) {
      for (const name of ['bare', 'stagedoor']) {
        expect(results[name]?.failed).toBeUndefined();
        const [round] = results[name]!.rounds!;
        expect(round!.counted).toBeGreaterThan(0);
        expect(round!.perSecond).toBeGreaterThan(0);
        expect(round!.p99Ms).toBeGreaterThanOrEqual(round!.p50Ms);
      }
      // Only one of them has a database.
      expect(results['bare']!.rounds![0]!.statementsPer1).toBeUndefined();
      expect(results['stagedoor']!.rounds![0]!.statementsPer1).toBeGreaterThan(0);
    }
  });

  test('is written as Markdown', () => {
    const args = ['--input-type=module', '--eval', PAGE];
    const page = execFileSync(process.execPath, args, { input: JSON.stringify(report), encoding: 'utf8' });
    expect(page).toContain('### The code flow');
    expect(page.match(/^\| 2 \| `stagedoor` \| [\d,]+ \| \d+\.\d\d \|/gm)).toHaveLength(WORKLOADS.length);
    expect(page).not.toMatch(/undefined|NaN|null/);
  });

  test('says of each goal whether it was measured', () => {
    expect(report.goals.length).toBeGreaterThan(5);
    // All of them are about other workloads or 64 connections, but for memory.
    const judged = report.goals.filter(({ met }) => met !== undefined);
    expect(judged.map(({ goal }) => goal)).toEqual(
      process.platform === 'linux' ? [expect.stringContaining('resident memory')] : [],
    );
  });
});

test('the benchmark refuses what it does not know, with its usage', async () => {
  await expect(bench('--workload', 'nonsense')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"nonsense" is none of: issue, '),
  });
});
