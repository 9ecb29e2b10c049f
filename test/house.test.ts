import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Case {
  readonly path: string;
  readonly code: string;
}

/** [the offender, its import] */
const REFUSED: readonly (readonly [string, string])[] = [
  ['src/oauth/pkce.ts', "import express from 'express'"],
  ['src/oauth/pkce.ts', "import type { Request } from 'express'"],
  ['src/oauth/pkce.ts', "import { Knex } from 'knex'"],
  ['src/oauth/pkce.ts', "import pg from 'pg'"],
  ['src/oauth/pkce.ts', "import { start } from 'nact'"],
  ['src/oauth/pkce.ts', "import pino from 'pino'"],
  ['src/oauth/pkce.ts', "import { readFile } from 'node:fs/promises'"],
  ['src/oauth/pkce.ts', "import { ask } from '../actors/runtime/protocol.ts'"],
  ['src/oauth/pkce.ts', "import { x } from '../http/app.ts'"],
  ['src/oauth/deep/pkce.ts', "export { x } from '../../middleware/session.ts'"],
  ['src/oauth/pkce.ts', "import { x } from '../database/database.ts'"],
  ['src/oauth/pkce.ts', "const x = await import('../database/database.ts')"],
  ['src/oauth/claims.ts', 'export const now = () => Date.now()'],
  ['src/oauth/claims.ts', 'export const now = () => new Date()'],

  ['src/actors/token/actor.ts', "import { start } from 'nact'"],
  ['src/actors/token/issue.ts', "import express from 'express'"],
  ['src/actors/token/issue.ts', "import { x } from '../../http/app.ts'"],
  ['src/actors/token/issue.ts', "import { x } from '../../middleware/session.ts'"],
  ['src/actors/token/issue.ts', "import type { Knex } from 'knex'"],
  ['src/actors/token/issue.ts', "import { PGlite } from '@electric-sql/pglite'"],
  ['src/actors/token/issue.ts', "import pgLite from 'knex-pglite'"],
  ['src/actors/token/issue.ts', "import { x } from '../auth/store.ts'"],
  ['src/actors/token/issue.ts', "import { x } from '../../actors/auth/store.ts'"],
  ['src/actors/token/deep/issue.ts', "import { x } from '../../auth/store.ts'"],
  ['src/actors/token/store.ts', "import { x } from '../auth/store.ts'"],
  ['src/actors/token/store.ts', "import { start } from 'nact'"],
  ['src/actors/auth/log-in.ts', "import { x } from '../client/authenticate.ts'"],
  ['src/actors/client/register.ts', "import { x } from '../keys/store-keys.ts'"],
  ['src/actors/keys/rotate.ts', "import { x } from '../audit/store.ts'"],
  ['src/actors/audit/record.ts', "const x = await import('../token/actor.ts')"],
  ['src/actors/runtime/ask.ts', "import { x } from '../token/messages-of-old.ts'"],
  ['src/actors/runtime/ask.ts', "import express from 'express'"],
  ['src/actors/runtime/ask.ts', "import knex from 'knex'"],

  ['src/http/token.ts', "import { x } from '../actors/token/store.ts'"],
  ['src/http/admin/tokens.ts', "import { x } from '../../actors/token/actor.ts'"],
  ['src/http/token.ts', "import { x } from '../actors/runtime/guardian.ts'"],
  ['src/http/token.ts', "import { x } from '../actors/actor-system.ts'"],
  ['src/http/token.ts', "import type { Knex } from 'knex'"],
  ['src/http/token.ts', "import { start } from 'nact'"],
  ['src/http/token.ts', "import { x } from '../database/database.ts'"],
  ['src/http/panel/panel.ts', "import { h } from './browser/dom.ts'"],
  ['src/http/panel/browser/dom.ts', "import { readFile } from 'node:fs/promises'"],
  ['src/http/panel/browser/dom.ts', "import { text } from '../../pages/text.ts'"],
  ['src/http/panel/browser/dom.ts', "import { hash } from '../../../oauth/secret.ts'"],
  ['src/http/panel/browser/dom.ts', "document.body.innerHTML = '<p>'"],
  ['src/middleware/session.ts', "import { x } from '../actors/auth/store.ts'"],
  ['src/middleware/session.ts', "import pg from 'pg'"],
  ['src/middleware/session.ts', "const pg = await import('pg')"],

  ['src/cluster/primary.ts', "import { createApp } from '../http/app.ts'"],
  ['src/cluster/primary.ts', "import { serve } from '../main.ts'"],
  ['src/cluster/member.ts', "import { Gauge } from 'prom-client'"],

  ['src/doctor/examine.ts', "import pg from 'pg'"],
  ['src/doctor/examine.ts', "import { spawn } from 'nact'"],

  ['src/main.ts', "import knex from 'knex'"],
  ['src/cli.ts', "import { start } from 'nact'"],
  ['src/database/database.ts', "import express from 'express'"],
  ['migrations/0001_create_clients.ts', "import { x } from '../src/actors/client/store.ts'"],

  ['src/oauth/index.ts', 'export const x = 1'],
  ['src/http/utils.ts', 'export const x = 1'],
  ['src/http/helpers/escape.ts', 'export const x = 1'],
  ['src/actors/common/queue.ts', 'export const x = 1'],
  ['test/support/utils.ts', 'export const x = 1'],
];

const ALLOWED: readonly (readonly [string, string])[] = [
  ['src/oauth/secret.ts', "import { createHash } from 'node:crypto'"],
  ['src/oauth/claims.ts', "import { InvalidGrant } from './errors.ts'"],
  ['src/oauth/claims.ts', 'export const at = (time: number) => new Date(time)'],
  ['src/actors/runtime/spawn.ts', "import { start } from 'nact'"],
  ['src/actors/token/issue.ts', "import { InvalidGrant } from '../../oauth/errors.ts'"],
  ['src/actors/token/issue.ts', "import { ask } from '../runtime/ask.ts'"],
  ['src/actors/token/issue.ts', "import { redeem } from '../auth/messages.ts'"],
  ['src/actors/token/issue.ts', "import { insert } from './store.ts'"],
  ['src/actors/token/store.ts', "import type { Knex } from 'knex'"],
  ['src/actors/token/store-refresh.ts', "import type { Knex } from 'knex'"],
  ['src/http/token.ts', "import express from 'express'"],
  ['src/http/admin/tokens.ts', "import { list } from '../../actors/token/messages.ts'"],
  ['src/http/app.ts', "import type { Actors } from '../actors/actors.ts'"],
  ['src/http/panel/browser/x.ts', "import { redirectUriProblem } from '../../../oauth/redirect-uri.ts'"],
  ['src/http/panel/browser/x.ts', "import type { Chart } from 'chart.js'"],
  ['src/http/panel/browser/x.ts', "import { h } from './dom.ts'"],
  ['src/middleware/session.ts', "import { ask } from '../actors/runtime/protocol.ts'"],
  ['src/database/database.ts', "import knex from 'knex'"],
  ['migrations/0001_create_clients.ts', "import type { Knex } from 'knex'"],
  ['src/main.ts', "import { open } from './database/database.ts'"],
  ['test/http/token.test.ts', "import pg from 'pg'"],
];

const HOUSE_RULES = ['no-restricted-imports', 'no-restricted-syntax'];
const NOT_PARSED = 'not parsed';

// ESLint runs in a process of its own: it loads its configuration by import(), which jest's sandbox does not mean.
const LINT = `
  import { readFileSync } from 'node:fs';
  import { ESLint } from 'eslint';
  import tseslint from 'typescript-eslint';
  // The files do not exist, so rules that ask for types are off; all others are as the project has them.
  const eslint = new ESLint({ overrideConfig: [tseslint.configs.disableTypeChecked] });
  const NOT_PARSED = '${NOT_PARSED}';
  const results = [];
  for (const { path, code } of JSON.parse(readFileSync(0, 'utf8'))) {
    const [result] = await eslint.lintText(code, { filePath: path });
    results.push(result.messages.map(({ ruleId }) => ruleId ?? NOT_PARSED));
  }
  console.log(JSON.stringify(results));`;

function lint(cases: readonly Case[]): string[][] {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const args = ['--input-type=module', '--eval', LINT];
  const output = execFileSync(process.execPath, args, {
    cwd: root,
    input: JSON.stringify(cases),
    encoding: 'utf8',
  });
  return JSON.parse(output) as string[][];
}

describe('who may know whom', () => {
  const cases = [...REFUSED, ...ALLOWED].map(([path, code]) => ({ path, code: `${code};\n` }));
  const found = lint(cases);

  const about = (rules: readonly string[]) =>
    rules.filter((rule) => [...HOUSE_RULES, NOT_PARSED].includes(rule));

  test.each(REFUSED.map(([path, code], i) => ({ path, code, rules: found[i]! })))(
    '$path is refused: $code',
    ({ rules }) => {
      expect(about(rules)).toEqual([expect.stringMatching(/^no-restricted-/)]);
    },
  );

  test.each(ALLOWED.map(([path, code], i) => ({ path, code, rules: found[REFUSED.length + i]! })))(
    '$path is allowed: $code',
    ({ rules }) => {
      expect(about(rules)).toEqual([]);
    },
  );
});

test('the server gets the same flags for its heap however it is started', () => {
  const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  const { scripts } = JSON.parse(read('package.json')) as { scripts: { start: string } };
  const wanted = scripts.start.match(/--\S+=\d+/g);
  expect(wanted).toHaveLength(2);
  expect(
    read('src/cli.ts')
      .split('\n')[0]
      ?.match(/--\S+=\d+/g),
  ).toEqual(wanted);
  expect(/^ENTRYPOINT .*$/m.exec(read('Dockerfile'))?.[0].match(/--[^"\s]+=\d+/g)).toEqual(wanted);
});
