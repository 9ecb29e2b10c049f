import type { Actors } from '../actors/actors.ts';
import type { ConnectedApp } from './pages/account-apps.ts';

/** The apps that may use a person's account: those that hold a grant, the one used last first, then those that are allowed one. */
export async function connectedApps(
  { tokens, auth, clients }: Pick<Actors, 'tokens' | 'auth' | 'clients'>,
  userId: string,
): Promise<readonly ConnectedApp[]> {
  const [connections, consents] = await Promise.all([
    tokens.ask({ type: 'listConnections', userId }),
    auth.ask({ type: 'listConsents', userId }),
  ]);
  const consented = new Map(consents.map((consent) => [consent.clientId, consent]));
  const connected = connections.map(({ clientId, scope, since, lastUsedAt }) => ({
    clientId,
    scopes: [...new Set([...scope, ...(consented.get(clientId)?.scope ?? [])])],
    since,
    lastUsedAt,
  }));
  const inUse = new Set(connections.map(({ clientId }) => clientId));
  const allowed = consents
    .filter(({ clientId }) => !inUse.has(clientId))
    .map(({ clientId, scope, decidedAt }) => ({
      clientId,
      scopes: scope,
      since: decidedAt,
      lastUsedAt: undefined,
    }));
  return Promise.all(
    [...connected, ...allowed].map(async (app) => {
      const client = await clients.ask({ type: 'get', clientId: app.clientId });
      return { ...app, clientName: client?.clientName };
    }),
  );
}
