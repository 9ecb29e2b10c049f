import type { Sources } from '../../oauth/sources.ts';
import { spawnActor } from '../runtime/actor.ts';
import type { ActorLimits } from '../runtime/definition.ts';
import { createBatcher } from '../runtime/batch.ts';
import type { Guardian } from '../runtime/guardian.ts';
import type { AuditEvent, AuditMessage, AuditRef, AuditReplies } from './messages.ts';
import type { AuditStore, DatedEvent } from './store.ts';

const MAX_BATCH = 200;

export interface AuditParts {
  readonly guardian: Guardian;
  readonly limits: ActorLimits;
  readonly store: AuditStore;
  readonly sources: Sources;
  /** Told of each event, before anything else becomes of it. */
  readonly onEvent: (event: AuditEvent) => void;
  /** Told of an event that could not be written down, so that it is not lost without a word. */
  readonly onLost: (event: AuditEvent) => void;
}

/** Spawns Audit: it writes down what the others tell it and holds up none of them. */
export function spawnAudit({ guardian, limits, store, sources, onEvent, onLost }: AuditParts): AuditRef {
  const audit = spawnActor<AuditMessage, AuditReplies>({
    name: 'audit',
    guardian,
    limits,
    onUndelivered: (message) => {
      if (message.type === 'record') onLost(message.event);
    },
    behave: () => {
      const insert = createBatcher<DatedEvent, undefined>({
        run: (events) => store.insert(events),
        maxSize: MAX_BATCH,
        concurrency: 1,
        onSend: (size) => {
          guardian.observer.batched('audit', 'audit_insert', size);
        },
      });
      return {
        record: async ({ event }) => {
          await insert({ occurredAt: sources.now(), event });
        },
        list: ({ filter, page }) => store.list(filter, page),
      };
    },
  });
  return {
    name: audit.name,
    ask: (message, options) => audit.ask(message, options),
    tell: (message) => {
      if (message.type === 'record') onEvent(message.event);
      const taken = audit.tell(message);
      if (!taken && message.type === 'record') onLost(message.event);
      return taken;
    },
  };
}
