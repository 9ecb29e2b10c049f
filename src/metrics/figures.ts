import { setTimeout as sleep } from 'node:timers/promises';
import type { Actors } from '../actors/actors.ts';
import type { KeySummary } from '../actors/keys/messages.ts';
import { cached } from '../cached.ts';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '../oauth/jwt.ts';
import type { Instruments } from './instruments.ts';

/** The database is asked no more often than this, however many scrape. */
const MAX_AGE_MS = 15_000;

/** A scrape waits no longer than this for them: it matters most when the actors that are asked are saturated. */
const PATIENCE_MS = 250;

/** What must be asked for: the same figures on each replica, for they are the database's. */
interface Figures {
  readonly clients: number;
  readonly activeTokens: number;
  readonly keys: readonly KeySummary[];
}

/**
 * Shows the figures that come from the database; while it does not answer, the last known ones stay. The function that it returns
 * has it ask no more.
 */
export function watchFigures(
  instruments: Instruments,
  actors: Pick<Actors, 'clients' | 'tokens' | 'keys'>,
  now: () => Date,
): () => void {
  const activated = instruments.gauge(
    'signing_key_activated_timestamp_seconds',
    'When the key that signs now began to',
    ['algorithm'],
    'max',
  );
  const expiry = instruments.gauge(
    'signing_key_expiry_timestamp_seconds',
    'When the last key that can sign expires; +Inf while it is not to',
    ['algorithm'],
    'max',
  );
  const next = instruments.gauge(
    'signing_key_next_activation_timestamp_seconds',
    'When a key that is published already begins to sign; +Inf while none waits',
    ['algorithm'],
    'max',
  );
  const current = cached(async (): Promise<Figures> => {
    const [clientCount, activeTokens, keys] = await Promise.all([
      actors.clients.ask({ type: 'count' }),
      actors.tokens.ask({ type: 'countActive' }),
      actors.keys.ask({ type: 'list' }),
    ]);
    return { clients: clientCount, activeTokens, keys };
  }, MAX_AGE_MS);
  // Made with the first answer: a gauge without labels would say zero before that.
  let counts: ReturnType<typeof countGauges> | undefined;
  const show = (figures: Figures) => {
    counts ??= countGauges(instruments);
    counts.clients.set(figures.clients);
    counts.tokens.set(figures.activeTokens);
    for (const algorithm of SIGNING_ALGORITHMS) {
      const labels = { algorithm };
      activated.set(labels, activationOf(figures.keys, algorithm, now()));
      expiry.set(labels, expiryOf(figures.keys, algorithm));
      next.set(labels, nextActivationOf(figures.keys, algorithm, now()));
    }
  };
  let isOver = false;
  instruments.onScrape(async () => {
    if (isOver) return;
    const shown = current().then(show, () => undefined);
    await Promise.race([shown, sleep(PATIENCE_MS, undefined, { ref: false })]);
  });
  return () => {
    isOver = true;
  };
}

function countGauges(instruments: Instruments) {
  return {
    clients: instruments.gauge(
      'oauth_clients_total',
      'Clients, the same figure on each replica (exact up to some 60,000, estimated above)',
      [],
      'max',
    ),
    tokens: instruments.gauge(
      'oauth_active_tokens',
      'Access tokens that are neither expired nor revoked, the same figure on each replica (exact up to some 60,000, estimated above)',
      [],
      'max',
    ),
  };
}

function activationOf(keys: readonly KeySummary[], algorithm: SigningAlgorithm, now: Date): number {
  const times = keys
    .filter((key) => key.algorithm === algorithm && key.activatesAt <= now)
    .map((key) => key.activatesAt.getTime() / 1000);
  return Math.max(0, ...times);
}

function nextActivationOf(keys: readonly KeySummary[], algorithm: SigningAlgorithm, now: Date): number {
  const times = keys
    .filter((key) => key.algorithm === algorithm && key.activatesAt > now)
    .map((key) => key.activatesAt.getTime() / 1000);
  return Math.min(Infinity, ...times);
}

function expiryOf(keys: readonly KeySummary[], algorithm: SigningAlgorithm): number {
  const times = keys
    .filter((key) => key.algorithm === algorithm)
    .map(({ expiresAt }) => (expiresAt === null ? Infinity : expiresAt.getTime() / 1000));
  return Math.max(0, ...times);
}
