import type { Command } from 'commander';
import { LOCAL_CALLER } from '../actors/audit/messages.ts';
import type { KeySummary, Rotation } from '../actors/keys/messages.ts';
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
      'publish new keys; they sign once every verifier had time to fetch them, the old ones stay published until their last token expires',
    )
    .action(async () => {
      const rotation = await withActors(env, (actors) =>
        actors.keys.ask({ type: 'rotate', caller: LOCAL_CALLER }),
      );
      print(keyTable(rotation.keys) + waitingNote(rotation));
    });

  keys
    .command('revoke <kid...>')
    .description(
      'take leaked keys out of use at once; other keys sign in their place at once (put -- before an id that begins with -)',
    )
    .requiredOption(
      '--invalidate-tokens',
      'say that you mean it: every token that they signed becomes invalid',
    )
    .action(async (kids: readonly string[]) => {
      const rotation = await withActors(env, (actors) =>
        actors.keys.ask({ type: 'revoke', kids, caller: LOCAL_CALLER }),
      );
      print(keyTable(rotation.keys));
      print(
        `\nrevoked ${kids.join(', ')}: this server takes nothing for valid that they signed, and a verifier that keeps ` +
          'the key set will when its copy has expired\n',
      );
    });

  keys
    .command('discard-lost')
    .description(
      'go on without the keys that OAUTH2_SECRET does not open; without the option it only says what that costs',
    )
    .option('--yes-the-secret-is-lost', 'do it: what those keys signed is refused from then on')
    .action(async ({ yesTheSecretIsLost = false }: { yesTheSecretIsLost?: boolean }) => {
      const { discardLostKeys } = await import('./lost-keys.ts');
      const discarded = await discardLostKeys(env, yesTheSecretIsLost);
      if (discarded.length === 0)
        print('OAUTH2_SECRET opens every signing key: there is nothing to discard.\n');
      else print(`discarded ${discarded.join(', ')}\nnew keys are in their place: start the server\n`);
    });
}

/** Why a rotation made fewer keys than one asked for. */
function waitingNote({ keys, made }: Rotation): string {
  const waiting = keys.filter(({ kid, state }) => state === 'next' && !made.includes(kid));
  const lines = waiting.map(
    ({ kid, algorithm, activatesAt }) =>
      `${algorithm}: nothing was made, for ${kid} waits already and signs from ${formatDate(activatesAt)}\n`,
  );
  return lines.length === 0 ? '' : `\n${lines.join('')}`;
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
