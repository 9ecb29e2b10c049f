import { readdirSync } from 'node:fs';
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** What may not be imported, as regular expressions over the specifier, and why. */
const express = ban('^express(/|$)', 'Express belongs to src/http and src/middleware.');
const nact = ban('^nact(/|$)', 'Only src/actors/runtime knows nact; use its spawn, ask and tell.');
const pino = ban('^pino(/|$)', 'src/oauth is pure: it returns or throws, and does not log.');
const databasePackages = ban(
  '^(knex|pg|knex-pglite|@electric-sql/pglite)(/|$)',
  'Only src/database, migrations and an actor’s store know the database.',
);
const io = ban(
  '^node:(fs|net|http|http2|https|tls|dns|child_process|worker_threads)(/|$)',
  'src/oauth is pure: no I/O.',
);
const httpLayers = ban('(^|/)(http|middleware)/', 'HTTP knows the actors, never the other way round.');
const databaseLayer = ban(
  '(^|/)database/',
  'HTTP and the protocol rules never touch the database; send a message.',
);
const anyActor = ban('(^|/)actors/', 'src/oauth is the innermost room: it knows nobody.');
const actorInternals = ban(
  String.raw`(^|/)actors/(?!(actors|paging|[^/]+/messages|runtime/protocol)\.ts$)`,
  'HTTP knows an actor by its messages.ts alone.',
);
const metricsPackage = ban('^prom-client(/|$)', 'Only src/metrics knows prom-client; observe.');
const browserCode = ban('(^|/)browser/', 'The panel’s scripts run in a browser; the server only sends them.');
const notForBrowsers = ban(
  String.raw`^(?!\./|\.\./\.\./\.\./oauth/redirect-uri\.ts$|chart\.js$)`,
  'A script of the panel knows its own folder, and the pure rules that src/http/panel/assets.ts serves along.',
);
const entryPoints = ban(String.raw`(^|/)(main|cli)\.ts$`, 'The entry points import; nobody imports them.');

/** The five actors of the design and any that came later. */
const actors = new Set(['token', 'auth', 'client', 'keys', 'audit', ...folders('src/actors')]);
actors.delete('runtime');

const clocks = [
  ['NewExpression[callee.name="Date"][arguments.length=0]', 'The time is passed in.'],
  ['MemberExpression[object.name=/^(Date|performance)$/][property.name="now"]', 'The time is passed in.'],
  ['MemberExpression[object.name="Math"][property.name="random"]', 'Randomness is passed in.'],
];

const markup = [
  ['MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]', 'Build nodes by h().'],
];

/** Who may know whom. A file takes the last block that matches it: ESLint replaces a rule’s options, never merges. */
const house = [
  room(['src/*.ts'], [nact, databasePackages, metricsPackage]),
  room(
    ['src/oauth/**'],
    [express, databasePackages, nact, pino, io, anyActor, httpLayers, databaseLayer],
    clocks,
  ),
  room(['src/database/**'], [express, nact, httpLayers, entryPoints]),
  room(['src/metrics/**'], [express, nact, databasePackages, actorInternals, entryPoints]),
  room(
    ['src/tracing/**'],
    [express, nact, databasePackages, metricsPackage, anyActor, httpLayers, databaseLayer, entryPoints],
  ),
  room(
    ['src/cluster/**'],
    [express, nact, databasePackages, databaseLayer, metricsPackage, anyActor, httpLayers, entryPoints],
  ),
  room(['src/doctor/**'], [express, nact, databasePackages, metricsPackage, httpLayers, entryPoints]),
  room(['migrations/**'], [express, nact, httpLayers, anyActor, entryPoints]),
  room(
    ['src/http/**', 'src/middleware/**'],
    [databasePackages, nact, metricsPackage, databaseLayer, actorInternals, browserCode, entryPoints],
  ),
  room(['src/http/panel/browser/**'], [notForBrowsers], markup),
  room(['src/actors/*.ts'], [express, nact, databasePackages, httpLayers, entryPoints]),
  room(
    ['src/actors/runtime/**'],
    [express, databasePackages, httpLayers, entryPoints, internalsOf([...actors])],
  ),
  ...[...actors].flatMap((actor) => {
    const bans = [
      express,
      nact,
      httpLayers,
      entryPoints,
      internalsOf([...actors].filter((other) => other !== actor)),
    ];
    return [
      room([`src/actors/${actor}/**`], [...bans, databasePackages]),
      room([`src/actors/${actor}/store*.ts`], bans),
    ];
  }),
  {
    files: ['**/index.{ts,mjs}', '**/{utils,helpers,common}.{ts,mjs}', '**/{utils,helpers,common}/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'Program',
          message: 'Name a file after what it does: no index, utils, helpers or common.',
        },
      ],
    },
  },
];

export default defineConfig(
  { ignores: ['.cache/', 'dist/', 'dist-*/', 'coverage/', 'data/', 'helm/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.check.json', './tsconfig.browser.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Fussy: each refuses code that is right, and none finds a fault.
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-generated-empty-object-type': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off', // a message's reply may be void
      '@typescript-eslint/no-misused-spread': ['error', { allow: [{ from: 'lib', name: 'string' }] }],
      '@typescript-eslint/no-unnecessary-type-assertion': 'off', // a row of knex.raw is any
      '@typescript-eslint/no-unnecessary-type-parameters': 'off', // typed protocols link types that appear once
      '@typescript-eslint/require-await': 'off', // an async function may keep a promise without awaiting
      '@typescript-eslint/unified-signatures': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'node:http',
              message: 'That loads 14 MB which nobody uses: take src/node-http.ts.',
              allowTypeImports: true,
            },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**', 'bench/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unnecessary-template-expression': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: nodeGlobals() },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }] },
  },
  house,
);

function ban(regex, message) {
  return { regex, message };
}

/** Another actor is known by its messages.ts alone, wherever the importing file lies. */
function internalsOf(others) {
  return ban(
    String.raw`(^|/)(${others.join('|')})/(?!messages\.ts$)`,
    'An actor knows another by its messages.ts alone; send it a message.',
  );
}

/** The same bans for `import … from` and `export … from`, and for `import()`, which the first rule overlooks. */
function room(files, bans, syntax = []) {
  const inSelector = (regex) => regex.replaceAll('/', String.raw`\u002F`);
  return {
    files,
    rules: {
      'no-restricted-imports': ['error', { patterns: bans }],
      'no-restricted-syntax': [
        'error',
        ...bans.map(({ regex, message }) => ({
          selector: `ImportExpression[source.value=/${inSelector(regex)}/]`,
          message,
        })),
        ...syntax.map(([selector, message]) => ({ selector, message })),
      ],
    },
  };
}

function folders(path) {
  return readdirSync(new URL(path, import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

function nodeGlobals() {
  const names = ['process', 'console', 'Buffer', 'URL', 'URLSearchParams', 'AbortController', 'AbortSignal'];
  const functions = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'];
  const web = ['performance', 'fetch', 'crypto', 'structuredClone', 'TextEncoder', 'TextDecoder'];
  return Object.fromEntries([...names, ...functions, ...web].map((name) => [name, 'readonly']));
}
