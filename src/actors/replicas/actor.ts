import type { Sources } from '../../oauth/sources.ts';
import { spawnActor } from '../runtime/actor.ts';
import type { ActorLimits } from '../runtime/definition.ts';
import type { Guardian } from '../runtime/guardian.ts';
import { noDurations, quantileMs } from './durations.ts';
import type { Replica, ReplicasMessage, ReplicasRef, ReplicasReplies, TrafficMinute } from './messages.ts';
import type { ReplicaStore } from './store.ts';
import type { TrafficMeter } from './traffic-meter.ts';

const REPORT_MS = 10_000;
const SWEEP_MS = 600_000;

/** A replica that has not reported for this long is gone. */
const GONE_SECONDS = 45;

const MINUTE_MS = 60_000;
const MINUTES_SHOWN = 60;
const KEEP_SECONDS = 2 * 3600;

export interface ReplicasParts {
  readonly guardian: Guardian;
  readonly limits: ActorLimits;
  readonly store: ReplicaStore;
  readonly meter: TrafficMeter;
  readonly sources: Sources;
}

/** Spawns Replicas: it writes down what this process does, for whoever looks at all of them. */
export function spawnReplicas({ guardian, limits, store, meter, sources }: ReplicasParts): ReplicasRef {
  const replicaId = sources.randomUuid();
  const startedAt = sources.now();
  // Outlives a crash of the actor: the process serves on.
  let joined: Pick<Replica, 'name' | 'version'> | undefined;
  const self = (): Replica | undefined =>
    joined && { ...joined, replicaId, startedAt, seenAt: sources.now(), actors: guardian.stats() };
  const report = async () => {
    const replica = self();
    if (!replica) return;
    await store.report(replica);
    const counts = meter.unwritten();
    for (const count of counts) await store.reportMinute(replicaId, count);
    meter.written(counts);
  };
  return spawnActor<ReplicasMessage, ReplicasReplies>({
    name: 'replicas',
    guardian,
    limits,
    timers: [
      { everyMs: REPORT_MS, message: { type: 'report' } },
      { everyMs: SWEEP_MS, message: { type: 'sweep' } },
    ],
    behave: () => ({
      join: ({ name, version }) => {
        joined = { name, version };
        return report();
      },
      report,
      sweep: () => store.deleteOld(KEEP_SECONDS),
      leave: async () => {
        if (!joined) return;
        await report();
        joined = undefined;
        await store.delete(replicaId);
      },
      list: async () => {
        const others = (await store.list(GONE_SECONDS)).filter((other) => other.replicaId !== replicaId);
        // Of this one we know better.
        const replica = self();
        const all = replica ? [...others, replica] : others;
        const replicas = all.sort((one, other) => one.startedAt.getTime() - other.startedAt.getTime());
        return { replicas, answeringId: replicaId };
      },
      traffic: async () => {
        const first = firstMinute(sources.now());
        return perMinute(first, await store.listMinutes(first));
      },
    }),
  });
}

function firstMinute(now: Date): Date {
  return new Date((Math.floor(now.getTime() / MINUTE_MS) - MINUTES_SHOWN + 1) * MINUTE_MS);
}

/** The minutes of all replicas together, and those in which nothing happened. */
function perMinute(
  first: Date,
  counts: Awaited<ReturnType<ReplicaStore['listMinutes']>>,
): readonly TrafficMinute[] {
  return Array.from({ length: MINUTES_SHOWN }, (_, index) => {
    const at = new Date(first.getTime() + index * MINUTE_MS);
    const ofMinute = counts.filter(({ minute }) => minute.getTime() === at.getTime());
    const durations = noDurations().map((_, bucket) =>
      ofMinute.reduce((sum, count) => sum + (count.durations[bucket] ?? 0), 0),
    );
    return {
      at,
      requests: ofMinute.reduce((sum, { requests }) => sum + requests, 0),
      errors: ofMinute.reduce((sum, { errors }) => sum + errors, 0),
      p50Ms: quantileMs(durations, 0.5),
      p95Ms: quantileMs(durations, 0.95),
      p99Ms: quantileMs(durations, 0.99),
    };
  });
}
