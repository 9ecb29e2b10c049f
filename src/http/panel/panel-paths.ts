/** The pages of the control panel, as routes. The browser's own router knows the same ones (browser/main.ts). */
export const PANEL_ROUTES = [
  '/admin',
  '/admin/clients',
  '/admin/clients/:client_id',
  '/admin/users',
  '/admin/users/:user_id',
  '/admin/tokens',
  '/admin/keys',
  '/admin/activity',
] as const;

const MAX_LENGTH = 1000;

/** `new` is the form for another one; it cannot be an id, which are all longer. */
const PAGE = /^\/admin(?:\/(?:clients|users|tokens|keys|activity)|\/(?:clients|users)\/[\w-]{1,64})?$/;
const QUERY = /^[\w.~%&=:+-]*$/;

/** Whether this is the address of a page of the control panel: a path of ours with a query at most, and so no way out of here. */
export function isPanelPage(address: string): boolean {
  if (address.length > MAX_LENGTH) return false;
  const [path = '', query = '', ...more] = address.split('?');
  return PAGE.test(path) && QUERY.test(query) && more.length === 0;
}
