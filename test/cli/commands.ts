import { expect } from '@jest/globals';
import { runCli } from '../support/server.ts';

type Env = Readonly<Record<string, string>>;

/** Runs a command that must succeed without a word on standard error; resolves to what it printed. */
export async function succeed(args: readonly string[], env: Env, input = ''): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, env, input);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  return stdout;
}

/** Runs a command that must fail with one sentence, which this is or matches, and nothing else. */
export async function expectRefused(
  args: readonly string[],
  env: Env,
  sentence: string | RegExp,
  input = '',
): Promise<void> {
  const { code, stdout, stderr } = await runCli(args, env, input);
  expect({ args, code, stdout, stderr }).toEqual({
    args,
    code: 1,
    stdout: '',
    stderr: typeof sentence === 'string' ? `stagedoor: ${sentence}\n` : expect.stringMatching(sentence),
  });
}

/** The value behind a label at the start of a printed line. */
export function valueOf(label: string, printed: string): string {
  const value = new RegExp(`^ *${label}:? +(?:admin / )?(\\S+)`, 'm').exec(printed)?.[1];
  if (value === undefined) throw new Error(`no ${label} in: ${printed}`);
  return value;
}

/** The rows of a printed table below its heading, as cells. */
export function rowsOf(table: string): readonly (readonly string[])[] {
  const [, ...lines] = table.trimEnd().split('\n');
  return lines.map((line) => line.split(/ {2,}/));
}
