import { InvalidRequest } from '../oauth/errors.ts';
import { PATHS } from './metadata.ts';
import { isPanelPage } from './panel/panel-paths.ts';

/** Common proxies and clients take no longer header line. */
const MAX_LOCATION_LENGTH = 8000;

/** The pages that a login may lead back to. */
const PAGES: readonly string[] = [PATHS.account, PATHS.logout];

/** The page to go to after a login: one of ours, by path alone, so that no link can make the login lead elsewhere. */
export function safeReturnTo(presented: string | undefined): string {
  if (presented === undefined) return PATHS.account;
  const authorizes = presented.startsWith(`${PATHS.authorize}?`) && /^[\x21-\x7e]+$/.test(presented);
  const isPage = PAGES.includes(presented) || isPanelPage(presented);
  return authorizes || isPage ? presented : PATHS.account;
}

/** The query of the authorization request that a login leads back to, if it does. */
export function authorizationQuery(returnTo: string): string | undefined {
  const prefix = `${PATHS.authorize}?`;
  return returnTo.startsWith(prefix) ? returnTo.slice(prefix.length) : undefined;
}

/** The login page that leads back to a page of ours. Throws InvalidRequest if that is too long a way. */
export function loginLocation(returnTo: string): string {
  return ofSendableLength(`${PATHS.login}?${new URLSearchParams({ return_to: returnTo }).toString()}`);
}

/** An authorization request as a link. Throws InvalidRequest if it is too long for one. */
export function authorizeLocation(parameters: URLSearchParams): string {
  return ofSendableLength(`${PATHS.authorize}?${parameters.toString()}`);
}

function ofSendableLength(location: string): string {
  if (location.length > MAX_LOCATION_LENGTH) {
    throw new InvalidRequest('The authorization request is too long; a shorter state may help');
  }
  return location;
}
