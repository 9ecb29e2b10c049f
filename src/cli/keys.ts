import type { Command } from 'commander';
import { LOCAL_CALLER } from '../actors/audit/messages.ts';
import type { KeySummary } from '../actors/keys/messages.ts';
import { withActors } from './session.ts';
import { formatDate, formatTable } from './table.ts';

/** stagedoor keys … */
export function addKeyCommands(
  program: Command,
  env: NodeJS.ProcessEnv,
  print: (text: string) => void,
): void {
  const keys = program.command('keys').description('manage the keys that sign tokens');

  keys
    .command('list')
    .description('list the published keys')
    .action(async () => {
      print(keyTable(await withActors(env, (actors) => actors.keys.ask({ type: 'list' }))));
    });

  keys
    .command('rotate')
    .description(
      'publish new keys; they sign ten minutes later, the old ones stay published until their last token expires',
    )
    .action(async () => {
      print(
        keyTable(
          await withActors(env, (actors) => actors.keys.ask({ type: 'rotate', caller: LOCAL_CALLER })),
        ),
      );
    });
}

function keyTable(keys: readonly KeySummary[]): string {
  const rows = keys.map((key) => [
    key.kid,
    key.algorithm,
    key.state,
    formatDate(key.activatesAt),
    formatDate(key.expiresAt),
  ]);
  return formatTable(['KID', 'ALGORITHM', 'STATE', 'SIGNS FROM', 'PUBLISHED UNTIL'], rows);
}
