import { activityView } from './activity-view.ts';
import { startAnnouncing } from './announce.ts';
import { clientView } from './client-view.ts';
import { clientsView } from './clients-view.ts';
import { keysView } from './keys-view.ts';
import { newClientView } from './new-client-view.ts';
import { newUserView } from './new-user-view.ts';
import { overviewView } from './overview-view.ts';
import { startRouter } from './router.ts';
import { tokensView } from './tokens-view.ts';
import { userView } from './user-view.ts';
import { usersView } from './users-view.ts';

startAnnouncing();
startRouter([
  { path: /^\/admin$/, show: overviewView },
  { path: /^\/admin\/clients$/, show: clientsView },
  { path: /^\/admin\/clients\/new$/, show: newClientView },
  { path: /^\/admin\/clients\/([^/]+)$/, show: clientView },
  { path: /^\/admin\/users$/, show: usersView },
  { path: /^\/admin\/users\/new$/, show: newUserView },
  { path: /^\/admin\/users\/([^/]+)$/, show: userView },
  { path: /^\/admin\/tokens$/, show: tokensView },
  { path: /^\/admin\/keys$/, show: keysView },
  { path: /^\/admin\/activity$/, show: activityView },
]);
