import { PATHS } from './metadata.ts';

/** The pages that a login may lead back to. */
const PAGES: readonly string[] = [PATHS.account, PATHS.logout];

/** The page to go to after a login: one of ours, by path alone, so that no link can make the login lead elsewhere. */
export function safeReturnTo(presented: string | undefined): string {
  if (presented === undefined) return PATHS.account;
  const authorizes = presented.startsWith(`${PATHS.authorize}?`) && /^[\x21-\x7e]+$/.test(presented);
  return authorizes || PAGES.includes(presented) ? presented : PATHS.account;
}

/** The query of the authorization request that a login leads back to, if it does. */
export function authorizationQuery(returnTo: string): string | undefined {
  const prefix = `${PATHS.authorize}?`;
  return returnTo.startsWith(prefix) ? returnTo.slice(prefix.length) : undefined;
}

/** The login page that leads back to a page of ours. */
export function loginLocation(returnTo: string): string {
  return `${PATHS.login}?${new URLSearchParams({ return_to: returnTo }).toString()}`;
}
