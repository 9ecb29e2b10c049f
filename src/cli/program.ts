import { Command } from 'commander';
import type { Worker } from 'node:cluster';
import type { Member } from '../cluster/member.ts';
import { packageVersion } from '../version.ts';
import { addClientCommands } from './clients.ts';
import { addDoctorCommand } from './doctor.ts';
import { addHealthCommand } from './health.ts';
import { addKeyCommands } from './keys.ts';
import { addUserCommands } from './users.ts';

const CONFIGURATION_HELP = `
Configuration comes from OAUTH2_… environment variables; the README lists them all.
Without OAUTH2_DATABASE_URL the data lies in the folder OAUTH2_DATA_DIR, which one process
at a time can open: stop the server before you run another command on it.`;

/** The command line. `run` resolves to the exit code. */
export function buildProgram(env: NodeJS.ProcessEnv): { run(argv: readonly string[]): Promise<number> } {
  let exitCode = 0;
  const program = new Command('stagedoor')
    .description('Stagedoor: an OAuth 2.1 and OpenID Connect authorization server')
    .version(packageVersion(), '-V, --version', 'print the version')
    .showHelpAfterError('(see --help)')
    .addHelpText('after', CONFIGURATION_HELP);

  program
    .command('serve')
    .description('run the server until it is told to stop (SIGTERM or Ctrl-C)')
    .action(async () => {
      exitCode = await runServer(env);
    });
  program
    .command('migrate')
    .description("bring the database's schema up to date; safe to run twice, or by two at once")
    .option('--grant-to <role>', 'give this role what a server needs, where migrations have another')
    .option('--plan', 'say what it would do, and change nothing')
    .action(async ({ grantTo, plan }: { grantTo?: string; plan?: true }) => {
      if (plan) print(await planMigrations(env));
      else await runMigrations(env, grantTo);
    });
  const exitWith = (code: number, output: string) => {
    exitCode = code;
    print(output);
  };
  addHealthCommand(program, env, exitWith);
  addDoctorCommand(program, env, exitWith);
  addUserCommands(program, env, print);
  addClientCommands(program, env, print);
  addKeyCommands(program, env, print);

  return {
    run: async (argv) => {
      await program.parseAsync(argv);
      return exitCode;
    },
  };
}

/** One process, or a primary with workers, each of which comes here too. The primary loads nothing that only workers need. */
async function runServer(env: NodeJS.ProcessEnv): Promise<number> {
  const [{ default: cluster }, { availableParallelism }, { loadConfig }, { workerCount }] = await Promise.all(
    [import('node:cluster'), import('node:os'), import('../config.ts'), import('../worker-count.ts')],
  );
  const loaded = loadConfig(env);
  const workers = workerCount(loaded.config, availableParallelism());
  if (!cluster.worker && workers > 1) {
    const { superviseWorkers } = await import('../cluster/primary.ts');
    return superviseWorkers(loaded.config, loaded.warnings, workers);
  }
  const member = await memberOf(cluster.worker, env);
  const { serve } = await import('../main.ts');
  return serve(env, loaded, member);
}

/** Undefined where this process is no worker, or one of somebody else's primary. */
async function memberOf(worker: Worker | undefined, env: NodeJS.ProcessEnv): Promise<Member | undefined> {
  if (!worker) return undefined;
  const [member, { WORKER_NUMBER }] = await Promise.all([
    import('../cluster/member.ts'),
    import('../cluster/protocol.ts'),
  ]);
  return env[WORKER_NUMBER] === undefined ? undefined : new member.Member(worker, env);
}

async function runMigrations(env: NodeJS.ProcessEnv, serverRole?: string): Promise<void> {
  const [{ loadConfig }, { openLog }, { migrateStorage }] = await Promise.all([
    import('../config.ts'),
    import('../log.ts'),
    import('../storage.ts'),
  ]);
  const { config } = loadConfig(env);
  const log = openLog('warn', 2);
  endOnSignal();
  let applied = 0;
  const onApplied = (name: string) => {
    applied += 1;
    print(`applied ${name}\n`);
  };
  const newer = await migrateStorage(config, log.logger, { say, onApplied }, serverRole);
  if (applied > 0) return;
  const note =
    newer.length === 0
      ? ''
      : ` A newer version has applied ${newer.join(', ')}, which this one can work with.`;
  print(`The schema is up to date.${note}\n`);
}

async function planMigrations(env: NodeJS.ProcessEnv): Promise<string> {
  const [{ loadConfig }, { describePlan }, { planStorage }] = await Promise.all([
    import('../config.ts'),
    import('./describe-plan.ts'),
    import('../storage.ts'),
  ]);
  return describePlan(await planStorage(loadConfig(env).config));
}

/** The first process of a container is not ended by a signal that it does not handle. What was begun, the next run goes on with. */
function endOnSignal(): void {
  for (const [signal, exitCode] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    process.once(signal, () => {
      say('interrupted; nothing is lost: run "stagedoor migrate" again, and it goes on where it was');
      process.exit(exitCode);
    });
  }
}

function say(sentence: string): void {
  process.stderr.write(`stagedoor: ${sentence}\n`);
}

function print(text: string): void {
  process.stdout.write(text);
}
