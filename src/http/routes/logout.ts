import { callerOf } from '../../middleware/request-context.ts';
import type { PageParts } from '../page-parts.ts';
import { loggedOutPage, logoutPage } from '../pages/logout-page.ts';
import { readForm } from '../read-body.ts';
import { page, sendPage } from '../send-page.ts';

/** GET /auth/logout: asks first, so that a link cannot sign anybody out. */
export function logoutRoute({ sessions, csrf }: PageParts) {
  return page(async (request, response) => {
    const session = await sessions.find(request);
    if (!session) sendPage(response, 200, loggedOutPage());
    else {
      sendPage(
        response,
        200,
        logoutPage({ username: session.username, csrfToken: csrf.issue(request, response) }),
      );
    }
  });
}

/** POST /auth/logout. */
export function postLogoutRoute({ sessions, csrf, actors }: PageParts) {
  return page(async (request, response) => {
    csrf.check(request, await readForm(request));
    const sessionHash = sessions.presented(request);
    if (sessionHash) {
      await actors.auth.ask({ type: 'logOut', sessionHash, caller: callerOf(response) });
    }
    sessions.end(response);
    sendPage(response, 200, loggedOutPage());
  });
}
