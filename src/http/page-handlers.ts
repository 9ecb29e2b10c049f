import type { PageParts } from './page-parts.ts';
import {
  accountRoute,
  disconnectRoute,
  endAllRoute,
  endOthersRoute,
  endSessionRoute,
  passwordRoute,
  postDisconnectRoute,
  postEndAllRoute,
  postPasswordRoute,
} from './routes/account.ts';
import { authorizeRoute, decisionRoute, postAuthorizeRoute } from './routes/authorize.ts';
import { loginRoute, postLoginRoute } from './routes/login.ts';
import { logoutRoute, postLogoutRoute } from './routes/logout.ts';
import { errorRoute, startRoute } from './routes/start-page.ts';
import { stylesheetRoute } from './routes/stylesheet.ts';

/** What answers a person's browser. A module of its own, because a server that serves programs only never needs it. */
export function pageHandlers(parts: PageParts) {
  return {
    start: startRoute(),
    error: errorRoute(),
    authorize: authorizeRoute(parts),
    postAuthorize: postAuthorizeRoute(),
    decision: decisionRoute(parts),
    login: loginRoute(parts),
    postLogin: postLoginRoute(parts),
    logout: logoutRoute(parts),
    postLogout: postLogoutRoute(parts),
    stylesheet: stylesheetRoute(),
    account: accountRoute(parts),
    password: passwordRoute(),
    postPassword: postPasswordRoute(parts),
    disconnect: disconnectRoute(parts),
    postDisconnect: postDisconnectRoute(parts),
    endSession: endSessionRoute(parts),
    endOthers: endOthersRoute(parts),
    endAll: endAllRoute(parts),
    postEndAll: postEndAllRoute(parts),
  };
}
