import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { LOCAL_CALLER, type AuditEvent, type AuditFilter } from '../../src/actors/audit/messages.ts';
import { AuditStore } from '../../src/actors/audit/store.ts';
import { ValueRefused } from '../../src/database/faults.ts';
import { atOnce, onEachBackend } from '../support/backends.ts';
import { AWKWARD_DATES, AWKWARD_TEXTS, NOW, after, first } from './rows.ts';

const ALL: AuditFilter = { type: null, clientId: null, userId: null, from: null, until: null };

onEachBackend((backend) => {
  const stores = () => backend.each((queries) => new AuditStore(queries));

  test('events come back as they were recorded, the youngest first', async () => {
    const [audit, others] = stores();
    const events: AuditEvent[] = [
      { type: 'login_failed', caller: LOCAL_CALLER },
      { type: 'login_succeeded', userId: randomUUID(), caller: { requestId: 'r1', remoteAddress: '::1' } },
      {
        type: 'code_replayed',
        clientId: 'a-client',
        userId: randomUUID(),
        caller: LOCAL_CALLER,
        detail: { grantId: randomUUID(), count: 3, known: true, scope: ['openid', 'read'] },
      },
      ...AWKWARD_TEXTS.map((text): AuditEvent => ({
        type: 'client_registered',
        clientId: text,
        caller: { requestId: text, remoteAddress: text },
        detail: { text, [text]: 1 },
      })),
    ];
    await audit.insert(events.map((event, index) => ({ occurredAt: after(NOW, index), event })));
    const listed = (await others.list(ALL, first(events.length))).items;
    expect(listed.toReversed()).toEqual(
      events.map((event, index) => ({
        detail: {},
        ...event,
        id: expect.stringMatching(/^\d+$/),
        occurredAt: after(NOW, index),
      })),
    );
    expect((await audit.list(ALL, first(2))).items.map(({ occurredAt }) => occurredAt)).toEqual([
      after(NOW, events.length - 1),
      after(NOW, events.length - 2),
    ]);
  });

  test('the time is kept to the millisecond, and of one time the later record comes first', async () => {
    const [audit] = stores();
    await backend.empty('audit_events');
    const event: AuditEvent = { type: 'logged_out', caller: LOCAL_CALLER };
    await audit.insert(AWKWARD_DATES.map((occurredAt) => ({ occurredAt, event })));
    expect((await audit.list(ALL, first(100))).items.map(({ occurredAt }) => occurredAt)).toEqual(
      AWKWARD_DATES.toReversed(),
    );
    await audit.insert(
      ['first', 'second'].map((text) => ({
        occurredAt: after(NOW, 60),
        event: { ...event, detail: { text } },
      })),
    );
    expect((await audit.list(ALL, first(2))).items.map(({ detail }) => detail)).toEqual([
      { text: 'second' },
      { text: 'first' },
    ]);
  });

  test('batches from two replicas at once are all kept; one with a bad event is kept in no part', async () => {
    const rivals = stores();
    await backend.empty('audit_events');
    const event: AuditEvent = { type: 'logged_out', caller: LOCAL_CALLER };
    await atOnce(10, rivals, (audit) =>
      audit.insert(Array.from({ length: 10 }, () => ({ occurredAt: NOW, event }))),
    );
    const bad = { occurredAt: NOW, event: { ...event, userId: 'not a uuid' } };
    await expect(rivals[0].insert([{ occurredAt: NOW, event }, bad])).rejects.toBeInstanceOf(ValueRefused);
    expect(await backend.count('audit_events')).toBe(100);
  });
});
