import type { Actors } from '../actors/actors.ts';
import type { AppName, ConnectedApp } from './pages/account-apps.ts';

type AppActors = Pick<Actors, 'tokens' | 'auth' | 'clients'>;

/** One app that may use a person's account, also one that the list has no room for. */
export async function findConnectedApp(
  { tokens, auth, clients }: AppActors,
  userId: string,
  clientId: string,
): Promise<AppName | undefined> {
  const [isConnected, consented, client] = await Promise.all([
    tokens.ask({ type: 'isConnected', userId, clientId }),
    auth.ask({ type: 'findConsent', userId, clientId }),
    clients.ask({ type: 'get', clientId }),
  ]);
  const mayUse = isConnected || consented.length > 0;
  return mayUse ? { clientId, clientName: client?.clientName } : undefined;
}

/** The apps that may use a person's account: those that hold a grant, the one used last first, then those that are allowed one. */
export async function connectedApps(
  { tokens, auth, clients }: AppActors,
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
