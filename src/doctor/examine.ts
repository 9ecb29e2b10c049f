import { availableParallelism } from 'node:os';
import { KeyVault } from '../actors/keys/key-vault.ts';
import { KeyStore } from '../actors/keys/store.ts';
import { ConfigError, loadConfig, type Config } from '../config.ts';
import type { Database } from '../database/database.ts';
import {
  clockDifference,
  openReadOnly,
  serverFacts,
  tokenPartitions,
  transportOf,
} from '../database/facts.ts';
import { liveProcesses } from '../database/live-processes.ts';
import { StatementFailed } from '../database/faults.ts';
import { schemaState } from '../database/schema.ts';
import { deriveKeys } from '../oauth/master-secret.ts';
import { explainUnreachable } from '../storage.ts';
import { workerCount } from '../worker-count.ts';
import { checkCapacity, checkClock, checkServer, checkTls } from './database-checks.ts';
import { failed, ok, skipped, warning, type Finding } from './finding.ts';
import { checkKeys, checkPartitions, checkSchema } from './housekeeping-checks.ts';
import { checkFromOutside } from './outside-checks.ts';
import { checkNode } from './runtime-check.ts';
import { checkFiles, checkSecrets } from './secret-checks.ts';
import { checkIssuerResolves, checkSettings } from './settings-checks.ts';

export interface Questions {
  /** How many replicas there are to be; else as many as report to the database. */
  readonly replicas: number | undefined;
  /** Where to ask the server from outside; undefined: not at all. */
  readonly url: URL | 'issuer' | undefined;
  readonly nowMs: () => number;
}

/** Nobody waits for a request here, and a database that answers late is to be found so and not away. */
const LEAST_TIMEOUT_MS = 5000;

/** Runs every check, and changes nothing: neither the database, of which it only reads, nor a folder. */
export async function examine(env: NodeJS.ProcessEnv, questions: Questions): Promise<readonly Finding[]> {
  const now = new Date(questions.nowMs());
  const node = checkNode(process.versions.node, now);
  let loaded: ReturnType<typeof loadConfig>;
  try {
    loaded = loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const advice = 'Correct it: the server does not start, and what else there is to check waits for it.';
    return [node, ...error.problems.map((problem) => failed('settings', problem, advice))];
  }
  const { config, warnings } = loaded;
  return [
    node,
    ...checkSettings(config, warnings),
    await checkIssuerResolves(config),
    ...checkSecrets(config),
    ...checkFiles(config, env),
    ...(await checkDatabase(config, questions)),
    ...(await checkFromOutside(config, questions)),
  ];
}

async function checkDatabase(config: Config, questions: Questions): Promise<readonly Finding[]> {
  if (config.databaseUrl === undefined)
    return [
      warning(
        'database',
        'the embedded one: one process, no fail-over, and no check of its contents while that process runs',
        'Set OAUTH2_DATABASE_URL to a PostgreSQL server.',
      ),
    ];
  const url = config.databaseUrl.reveal();
  let database: Database | undefined;
  try {
    database = await openReadOnly(url, Math.max(LEAST_TIMEOUT_MS, config.statementTimeoutMs));
    return [ok('database', 'answers'), ...(await checkAnswering(database, url, config, questions))];
  } catch (error) {
    const { message } = error instanceof StatementFailed ? error : explainUnreachable(error);
    return [failed('database', message, 'Nothing else about the database could be checked.')];
  } finally {
    await database?.close();
  }
}

async function checkAnswering(
  database: Database,
  url: string,
  config: Config,
  { replicas, nowMs }: Questions,
): Promise<readonly Finding[]> {
  const { knex } = database;
  const facts = await serverFacts(knex);
  const schema = await schemaState(knex);
  const about = [
    ...checkServer(facts),
    checkTls(facts, transportOf(url)),
    checkClock(await clockDifference(knex, nowMs)),
    checkSchema(schema),
  ];
  const live = schema.kind !== 'current' ? 0 : await liveProcesses(knex);
  const demand = {
    poolSize: config.databasePoolSize,
    workers: workerCount(config, availableParallelism()),
    replicas,
    liveProcesses: live,
  };
  const capacity = checkCapacity(facts, demand);
  if (schema.kind !== 'current') {
    const why = 'not with this schema';
    return [...about, capacity, skipped('housekeeping', why), skipped('signing-keys', why)];
  }
  const now = new Date(nowMs());
  return [
    ...about,
    capacity,
    checkPartitions(await tokenPartitions(knex), live, now),
    ...(await checkSigningKeys(database, config, now)),
  ];
}

async function checkSigningKeys(database: Database, config: Config, now: Date): Promise<readonly Finding[]> {
  const stored = await new KeyStore(database.queriesOf('doctor')).published(now);
  const vault = new KeyVault(deriveKeys(config.secrets, 'signing-key-encryption'));
  return checkKeys(stored, vault, now, config.keyRotationSeconds);
}
