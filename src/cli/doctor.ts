import { InvalidArgumentError, type Command } from 'commander';

interface DoctorOptions {
  readonly json?: true;
  readonly strict?: true;
  readonly replicas?: number;
  readonly url?: URL | true;
}

/** stagedoor doctor */
export function addDoctorCommand(
  program: Command,
  env: NodeJS.ProcessEnv,
  exitWith: (code: number, output: string) => void,
): void {
  program
    .command('doctor')
    .description(
      'check configuration, secrets and database before production, in the environment of serve; changes nothing, and exits with 1 if a check failed',
    )
    .option('--json', 'print the findings as JSON')
    .option('--strict', 'exit with 1 for warnings too')
    .option('--replicas <count>', 'how many replicas will run (default: those that run now)', count)
    .option('--url [url]', 'also ask the server as clients do, there or at the issuer', webOrigin)
    .action(async ({ json, strict, replicas, url }: DoctorOptions) => {
      const [{ examine }, { countVerdicts, findingsAsJson, formatFindings }] = await Promise.all([
        import('../doctor/examine.ts'),
        import('../doctor/report.ts'),
      ]);
      const findings = await examine(env, {
        replicas,
        url: url === true ? 'issuer' : url,
        nowMs: () => Date.now(),
      });
      const { failed, warning } = countVerdicts(findings);
      const isColoured = process.stdout.isTTY && !env.NO_COLOR;
      exitWith(
        failed > 0 || (strict === true && warning > 0) ? 1 : 0,
        json ? findingsAsJson(findings) : formatFindings(findings, isColoured),
      );
    });
}

function count(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It must be a number of replicas.');
  return Number(text);
}

function webOrigin(text: string): URL {
  if (!/^https?:\/\/./.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('It must be an http or https URL.');
  return new URL(text);
}
