import type { Command } from 'commander';
import { LOCAL_CALLER } from '../actors/audit/messages.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import { generatePassword, readPassword } from './password-input.ts';
import { withActors } from './session.ts';
import { formatDate, formatTable } from './table.ts';

const LIST_LIMIT = 1000;

interface PasswordOptions {
  readonly passwordStdin?: true;
}

interface AddOptions extends PasswordOptions {
  readonly admin?: true;
  readonly email?: string;
  readonly name?: string;
}

/** stagedoor users … */
export function addUserCommands(
  program: Command,
  env: NodeJS.ProcessEnv,
  print: (text: string) => void,
): void {
  const users = program.command('users').description('manage the people who can sign in');

  users
    .command('add <username>')
    .description('add a user; the generated password is printed once')
    .option('--admin', 'let the user administer this server')
    .option('--email <address>', 'e-mail address, told to clients under the scope email')
    .option('--name <name>', 'full name, told to clients under the scope profile')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .action(async (username: string, options: AddOptions) => {
      const password = await choosePassword(options);
      const user = await withActors(env, (actors) =>
        actors.auth.ask({
          type: 'addUser',
          username,
          password: password.value,
          roles: options.admin ? ['admin'] : [],
          email: options.email ?? null,
          name: options.name ?? null,
          caller: LOCAL_CALLER,
        }),
      );
      print(`added ${user.username} (${user.userId})\n${password.notice}`);
    });

  users
    .command('list')
    .description(`list the users, the youngest first (at most ${LIST_LIMIT})`)
    .action(async () => {
      const list = await withActors(env, (actors) =>
        actors.auth.ask({ type: 'listUsers', search: null, page: { limit: LIST_LIMIT, after: null } }),
      );
      const rows = list.items.map((user) => [
        user.username,
        user.userId,
        user.roles.join(' ') || '-',
        formatDate(user.createdAt),
        formatDate(user.disabledAt),
      ]);
      print(formatTable(['USERNAME', 'ID', 'ROLES', 'CREATED', 'DISABLED'], rows));
    });

  users
    .command('disable <username>')
    .description('keep a user from signing in; ends the sessions and revokes the tokens')
    .action(async (username: string) => {
      await withActors(env, (actors) =>
        actors.auth.ask({ type: 'disableUser', username, caller: LOCAL_CALLER }),
      );
      print(`disabled ${username}\n`);
    });

  users
    .command('enable <username>')
    .description('undo disable; what was revoked stays revoked')
    .action(async (username: string) => {
      await withActors(env, (actors) =>
        actors.auth.ask({ type: 'enableUser', username, caller: LOCAL_CALLER }),
      );
      print(`enabled ${username}\n`);
    });

  users
    .command('reset-password <username>')
    .description(
      'set a new password, printed once; ends the sessions, revokes the tokens, unlocks the account',
    )
    .option('--password-stdin', 'read the password from the first line of standard input')
    .action(async (username: string, options: PasswordOptions) => {
      const password = await choosePassword(options);
      await withActors(env, (actors) =>
        actors.auth.ask({ type: 'resetPassword', username, password: password.value, caller: LOCAL_CALLER }),
      );
      print(`reset the password of ${username}\n${password.notice}`);
    });
}

/** The password given on standard input, or a generated one with the line that shows it. */
async function choosePassword({
  passwordStdin,
}: PasswordOptions): Promise<{ value: Sensitive; notice: string }> {
  if (passwordStdin) return { value: await readPassword(), notice: '' };
  const value = generatePassword();
  return { value, notice: `password: ${value.reveal()}   (shown only this once)\n` };
}
