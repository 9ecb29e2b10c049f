import { expect, test } from '@jest/globals';
import { query } from '../attacks/database.ts';
import { startServer } from '../support/server.ts';

const FORWARDED = '203.0.113.9';

/** The address that the audit keeps for a request which says that it was forwarded for another. */
async function auditedAddress(env: Record<string, string>, forwardedFor: string): Promise<string> {
  const server = await startServer({ env });
  try {
    const answer = await fetch(`${server.issuer}/clients/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': forwardedFor },
      body: JSON.stringify({ redirect_uris: ['https://app.example/callback'] }),
    });
    expect(answer.status).toBe(201);
    const requestId = answer.headers.get('x-request-id');
    for (;;) {
      const sql = 'select remote_address from audit_events where request_id = $1';
      const [event] = await query<{ remote_address: string }>(server, sql, [requestId]);
      if (event) return event.remote_address;
    }
  } finally {
    await server.stop();
  }
}

test('a forwarded address is believed from a trusted proxy alone, and only as far as proxies vouch for it', async () => {
  const cases: readonly (readonly [Record<string, string>, string, string])[] = [
    [{}, FORWARDED, '127.0.0.1'],
    [{ OAUTH2_TRUSTED_PROXIES: 'loopback' }, `198.51.100.1, ${FORWARDED}`, FORWARDED],
    [{ OAUTH2_TRUSTED_PROXIES: '127.0.0.1, 203.0.113.0/24' }, `198.51.100.1, ${FORWARDED}`, '198.51.100.1'],
    [{ OAUTH2_TRUSTED_PROXIES: '10.0.0.0/8' }, FORWARDED, '127.0.0.1'],
  ];
  const addresses = await Promise.all(cases.map(([env, header]) => auditedAddress(env, header)));
  expect(addresses).toEqual(cases.map(([, , address]) => address));
});
