import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { runCli } from '../support/server.ts';

/** Every command: [what it is called with, the words its help must have]. */
const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ['', ['serve', 'migrate', 'users', 'clients', 'keys', 'OAUTH2_DATABASE_URL', 'OAUTH2_DATA_DIR']],
  ['serve', ['SIGTERM']],
  ['migrate', ['schema', '--grant-to <role>']],
  ['health', ['ready', 'exit code']],
  ['doctor', ['--json', '--strict', '--replicas <count>', '--url [url]', 'exits with 1']],
  ['users', ['add', 'list', 'disable', 'enable', 'reset-password']],
  ['users add', ['<username>', '--admin', '--email <address>', '--name <name>', '--password-stdin']],
  ['users list', ['at most 1000']],
  ['users disable', ['<username>', 'sessions', 'tokens']],
  ['users enable', ['<username>', 'undo disable']],
  ['users reset-password', ['<username>', '--password-stdin', 'sessions']],
  ['clients', ['add', 'list', 'rotate-secret', 'disable', 'enable']],
  [
    'clients add',
    [
      '<name>',
      '-r, --redirect-uri <uri>',
      '-g, --grant-type <type>',
      '-s, --scope <scope>',
      '--public',
      '--first-party',
      '--no-pkce',
    ],
  ],
  ['clients list', ['at most 1000']],
  ['clients rotate-secret', ['<client_id>', '--overlap <seconds>', '86400']],
  ['clients disable', ['<client_id>', 'tokens']],
  ['clients enable', ['<client_id>', 'undo disable']],
  ['keys', ['list', 'rotate', 'revoke', 'discard-lost']],
  ['keys list', ['published keys']],
  ['keys rotate', ['verifier', 'last token']],
  ['keys revoke', ['<kid...>', '--invalidate-tokens', 'becomes invalid']],
  ['keys discard-lost', ['--yes-the-secret-is-lost', 'says what that costs']],
];

test('--help of each command says how to call it, on standard output, without a configuration', async () => {
  await Promise.all(
    COMMANDS.map(async ([command, words]) => {
      const args = [...command.split(' ').filter(Boolean), '--help'];
      const { code, stdout, stderr } = await runCli(args, { OAUTH2_SERVER_PORT: 'unusable' });
      expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^Usage: stagedoor( ${command})? `));
      const text = stdout.replaceAll(/\s+/g, ' ');
      for (const word of [...words, '-h, --help']) expect(text).toContain(word);
    }),
  );
});

test('--version says the version and nothing else, without a configuration', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const { code, stdout, stderr } = await runCli(['--version'], { OAUTH2_SERVER_PORT: 'unusable' });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('what is not a command is refused in one sentence that names it and points to the help', async () => {
  const mistakes: readonly (readonly [string, string])[] = [
    ['frobnicate', "unknown command 'frobnicate'"],
    ['users frobnicate', "unknown command 'frobnicate'"],
    ['user list', "unknown command 'user'"],
    ['users add x --frobnicate', "unknown option '--frobnicate'"],
    ['serve now', "too many arguments for 'serve'"],
    ['users add', "missing required argument 'username'"],
    ['clients disable', "missing required argument 'client_id'"],
    ['users add x --email', "option '--email <address>' argument missing"],
    ['clients rotate-secret x --overlap soon', "option '--overlap <seconds>' argument 'soon' is invalid"],
  ];
  await Promise.all(
    mistakes.map(async ([command, words]) => {
      const { code, stdout, stderr } = await runCli(command.split(' '), { OAUTH2_SERVER_PORT: 'unusable' });
      expect({ command, code, stdout }).toEqual({ command, code: 1, stdout: '' });
      expect(stderr).toMatch(/^error: .+\n(?:\(Did you mean \w+\?\)\n)?\(see --help\)\n$/);
      expect(stderr).toContain(words);
    }),
  );
});

test('a command that lacks its second word fails and shows which there are', async () => {
  for (const command of ['users', 'clients', 'keys']) {
    const { code, stdout, stderr } = await runCli([command], {});
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^Usage: stagedoor ${command} .*\n`));
  }
});
