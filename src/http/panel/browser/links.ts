import { h } from './dom.ts';
import { shortId } from './format.ts';

export function clientAddress(clientId: string): string {
  return `/admin/clients/${encodeURIComponent(clientId)}`;
}

export function userAddress(userId: string): string {
  return `/admin/users/${encodeURIComponent(userId)}`;
}

/** A client by its id. */
export function clientLink(clientId: string): HTMLElement {
  return h('a', { href: clientAddress(clientId) }, shortId(clientId));
}

/** A user by their id. */
export function userLink(userId: string): HTMLElement {
  return h('a', { href: userAddress(userId) }, shortId(userId));
}

/** A web address that somebody else wrote: followed only if it is one. */
export function outsideLink(address: string): HTMLElement {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return h('span', {}, address);
  return h('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, address);
}
