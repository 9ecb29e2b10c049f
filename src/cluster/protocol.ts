import type { Figures } from '../metrics/aggregate.ts';

/** Why a worker is to drain: another has taken its place, or all of them end, at once or after having served on for a while. */
export type DrainReason = 'replaced' | 'shutdown' | 'announced';

/** What the primary tells a worker. */
export type ToWorker =
  | { readonly kind: 'drain'; readonly reason: DrainReason }
  /** It is to end at once, whatever is under way. */
  | { readonly kind: 'exit' }
  /** It is asked for its figures. */
  | { readonly kind: 'collect'; readonly id: number }
  /** The figures of all, which it asked for; undefined if they could not be had. */
  | { readonly kind: 'exposition'; readonly id: number; readonly exposition: Exposed | undefined };

/** What a worker tells the primary. */
export type ToPrimary =
  | { readonly kind: 'ready' }
  /** What it was asked for; without an id its last ones, before it ends. */
  | { readonly kind: 'figures'; readonly id: number | undefined; readonly figures: Figures }
  | { readonly kind: 'expose'; readonly id: number };

export interface Exposed {
  readonly contentType: string;
  readonly text: string;
}

/** In a worker's environment: which of them it is, and whether it is the first to start. Not settings, so without their prefix. */
export const WORKER_NUMBER = 'STAGEDOOR_WORKER';
export const FIRST_WORKER = 'STAGEDOOR_FIRST_WORKER';
