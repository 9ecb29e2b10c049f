import { z } from 'zod';
import type { Actors } from '../../actors/actors.ts';
import type { Replica, TrafficMinute } from '../../actors/replicas/messages.ts';
import { cached } from '../../cached.ts';
import { operation, type Operation } from './operation.ts';
import { formatTime, time, uuid } from './values.ts';

/** Counting costs; panels that are open ask every few seconds. */
const COUNTS_MAX_AGE_MS = 15_000;

const count = z.int().min(0);
const milliseconds = z.number().min(0).nullable();

const overview = z
  .object({
    counts: z
      .object({ active_tokens: count, clients: count, users: count })
      .meta({ description: 'Estimates where there are many' }),
    traffic: z
      .array(
        z.object({
          at: time,
          requests: count,
          errors: count.meta({ description: 'Answers with a status of 500 or more' }),
          p50_ms: milliseconds,
          p95_ms: milliseconds,
          p99_ms: milliseconds,
        }),
      )
      .meta({ description: 'The last hour of all replicas together, a minute each, the oldest first' }),
    replicas: z.array(
      z.object({
        replica_id: uuid,
        name: z.string(),
        version: z.string(),
        started_at: time,
        seen_at: time,
        answering: z.boolean().meta({ description: 'Whether this answer is from it' }),
        ready: z.boolean().nullable().meta({ description: 'Known of the one that answers' }),
        actors: z.array(
          z.object({
            name: z.string(),
            mailbox_depth: count,
            mailbox_limit: count,
            in_flight: count,
            concurrency_limit: count,
            restarts: count,
          }),
        ),
      }),
    ),
    health: z.object({
      ready: z.boolean(),
      checks: z.record(z.string(), z.string()).meta({ description: 'ok, or why not' }),
    }),
  })
  .meta({ id: 'Overview' });

/** The overview; its counts are remembered for all who look. */
export function overviewOperations(): readonly Operation[] {
  let counts: ReturnType<typeof countsOf> | undefined;
  return [
    operation({
      id: 'readOverview',
      method: 'get',
      path: '/overview',
      tag: 'Overview',
      summary: 'How the server is doing',
      success: { status: 200, description: 'Figures of all replicas', schema: overview },
      handle: async ({ actors, readiness }) => {
        counts ??= countsOf(actors);
        const [counted, traffic, { replicas, answeringId }, health] = await Promise.all([
          counts(),
          actors.replicas.ask({ type: 'traffic' }),
          actors.replicas.ask({ type: 'list' }),
          readiness(),
        ]);
        return {
          body: {
            counts: counted,
            traffic: traffic.map(minuteBody),
            replicas: replicas.map((replica) =>
              replicaBody(replica, replica.replicaId === answeringId ? health.ready : null),
            ),
            health: { ready: health.ready, checks: { ...health.checks } },
          },
        };
      },
    }),
  ];
}

function countsOf({ tokens, clients, auth }: Actors) {
  return cached(async () => {
    const [active, registered, users] = await Promise.all([
      tokens.ask({ type: 'countActive' }),
      clients.ask({ type: 'count' }),
      auth.ask({ type: 'countUsers' }),
    ]);
    return { active_tokens: active, clients: registered, users };
  }, COUNTS_MAX_AGE_MS);
}

function minuteBody({ at, requests, errors, p50Ms, p95Ms, p99Ms }: TrafficMinute) {
  return { at: formatTime(at), requests, errors, p50_ms: p50Ms, p95_ms: p95Ms, p99_ms: p99Ms };
}

/** `ready`: null for a replica other than the one that answers. */
function replicaBody(replica: Replica, ready: boolean | null) {
  return {
    replica_id: replica.replicaId,
    name: replica.name,
    version: replica.version,
    started_at: formatTime(replica.startedAt),
    seen_at: formatTime(replica.seenAt),
    answering: ready !== null,
    ready,
    actors: replica.actors.map((actor) => ({
      name: actor.name,
      mailbox_depth: actor.mailboxDepth,
      mailbox_limit: actor.mailboxLimit,
      in_flight: actor.inFlight,
      concurrency_limit: actor.concurrencyLimit,
      restarts: actor.restarts,
    })),
  };
}
