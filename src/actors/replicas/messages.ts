import type { ActorRef, ActorStats } from '../runtime/protocol.ts';

/** A process of this server. */
export interface Replica {
  readonly replicaId: string;
  /** Of its host and port. */
  readonly name: string;
  readonly version: string;
  readonly startedAt: Date;
  /** When it last reported. */
  readonly seenAt: Date;
  readonly actors: readonly ActorStats[];
}

/** What all replicas together served in a minute. Milliseconds; null without requests. */
export interface TrafficMinute {
  readonly at: Date;
  readonly requests: number;
  /** Answers with a status of 500 or more. */
  readonly errors: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

export type ReplicasMessage =
  /** This process serves from now on, and reports. */
  | { readonly type: 'join'; readonly name: string; readonly version: string }
  | { readonly type: 'report' }
  /** Deletes what is too old to be looked at. */
  | { readonly type: 'sweep' }
  /** This process ends: nobody needs to wonder what became of it. */
  | { readonly type: 'leave' }
  /** The replicas that reported of late, and this one, the oldest first. */
  | { readonly type: 'list' }
  /** The last hour, minute by minute, the oldest first. */
  | { readonly type: 'traffic' };

export interface ReplicasReplies {
  readonly join: void;
  readonly report: void;
  readonly sweep: void;
  readonly leave: void;
  readonly list: { readonly replicas: readonly Replica[]; readonly answeringId: string };
  readonly traffic: readonly TrafficMinute[];
}

export type ReplicasRef = ActorRef<ReplicasMessage, ReplicasReplies>;
