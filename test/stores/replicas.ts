import { afterAll, beforeAll, expect } from '@jest/globals';
import { startActors, type ActorSystem } from '../../src/actors/actor-system.ts';
import { TrafficMeter } from '../../src/actors/replicas/traffic-meter.ts';
import { inlineSigner } from '../../src/actors/token/jwt-signer.ts';
import { loadConfig } from '../../src/config.ts';
import type { Database } from '../../src/database/database.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';
import { systemSources } from '../../src/system-sources.ts';
import { Recorder } from '../support/actors.ts';
import type { Backend } from '../support/backends.ts';

export const SECRET = 'a-master-secret-for-tests-only-0123456789';
const START_TIMEOUT_MS = 60_000;
const DRAIN_MS = 5000;

/** The actors of several processes on one database, and a clock that all of them go by. */
export class Replicas {
  /** How far ahead of the machine's their clock is. */
  aheadMs = 0;
  readonly #observer = new Recorder();
  readonly #systems: ActorSystem[] = [];

  /** The first two, each with a pool of its own. */
  get pair(): readonly [ActorSystem, ActorSystem] {
    const [one, other] = this.#systems;
    if (!one || !other) throw new Error('the replicas have not been started');
    return [one, other];
  }

  get tokens() {
    const [one, other] = this.pair;
    return [one.tokens, other.tokens] as const;
  }

  now(): Date {
    return new Date(Date.now() + this.aheadMs);
  }

  /** Starts actors as the server does, without what it prepares before the first request. */
  spawn(
    database: Database,
    secrets: readonly string[] = [SECRET],
    env: Readonly<Record<string, string>> = {},
    now = () => this.now(),
  ): ActorSystem {
    const { config } = loadConfig({
      OAUTH2_PASSWORD_HASH_COST: '10',
      OAUTH2_ASK_TIMEOUT_MS: '9000',
      ...env,
    });
    const system = startActors({
      config,
      database,
      secrets: secrets.map((secret) => new Sensitive(secret)),
      sources: { ...systemSources, now },
      observer: this.#observer,
      onExhausted: () => undefined,
      onAudited: () => undefined,
      onLostEvent: () => undefined,
      signer: inlineSigner,
      meter: new TrafficMeter(now),
    });
    this.#systems.push(system);
    return system;
  }

  /** Starts the pair, both at once. */
  async start({ databases }: Backend): Promise<void> {
    const systems = databases.map((database) => this.spawn(database));
    await Promise.all(systems.map(ensureKeys));
    await Promise.all(systems.map(({ tokens }) => tokens.ask({ type: 'prepare' })));
  }

  /** Fails if an actor crashed: none of these suites sends anything that may do that. */
  async stop(): Promise<void> {
    for (const { guardian } of this.#systems) await guardian.drain(DRAIN_MS);
    expect(this.#observer.crashes).toEqual([]);
  }
}

/** Making the first RSA key takes its time. */
export function ensureKeys({ keys }: ActorSystem): Promise<void> {
  return keys.ask({ type: 'ensure' }, { timeoutMs: START_TIMEOUT_MS });
}

/** A pair of replicas for the suite around, from its start to its end. */
export function replicasOn(backend: Backend): Replicas {
  const replicas = new Replicas();
  beforeAll(() => replicas.start(backend), START_TIMEOUT_MS);
  afterAll(() => replicas.stop());
  return replicas;
}
