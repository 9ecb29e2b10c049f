import { lazily } from '../../lazily.ts';
import type { PageParts } from '../page-parts.ts';
import { loginLocation } from '../return-to.ts';
import { page, redirect, sendPage, sendPageWithScripts } from '../send-page.ts';
import { assetRoute, readPanelAssets, type PanelAssets } from './assets.ts';
import { forbiddenPage } from './forbidden-page.ts';
import { isPanelPage } from './panel-paths.ts';
import { shellPage } from './shell-page.ts';

/** The control panel: one shell for all its pages, and the scripts that fill it from the admin API. */
export function panelHandlers(parts: PageParts) {
  const assets = lazily(readPanelAssets);
  return { asset: assetRoute(assets), shell: panelRoute(parts, assets) };
}

/** An admin gets the shell; whoever is not signed in the login that leads back here; anybody else is told why not. */
function panelRoute({ sessions, csrf }: PageParts, assets: () => Promise<PanelAssets>) {
  return page(async (request, response, next) => {
    const address = request.originalUrl;
    if (!isPanelPage(request.path)) {
      next();
      return;
    }
    const session = await sessions.find(request);
    // A query that no page of ours writes is not carried through the login.
    const signInLocation = loginLocation(isPanelPage(address) ? address : request.path);
    if (!session) redirect(response, signInLocation);
    else if (!session.roles.includes('admin')) {
      sendPage(response, 403, forbiddenPage({ username: session.username, signInLocation }));
    } else {
      const csrfToken = csrf.issue(request, response);
      const shell = { username: session.username, csrfToken, path: request.path, assets: await assets() };
      sendPageWithScripts(response, 200, shellPage(shell));
    }
  });
}
