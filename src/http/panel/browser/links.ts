import { h } from './dom.ts';
import { shortId } from './format.ts';

export function clientAddress(clientId: string): string {
  return `/admin/clients/${encodeURIComponent(clientId)}`;
}

export function userAddress(userId: string): string {
  return `/admin/users/${encodeURIComponent(userId)}`;
}

/** A client, by its name if that is known. */
export function clientLink(clientId: string, name?: string | null): HTMLElement {
  return h('a', { href: clientAddress(clientId), title: clientId }, name ?? shortId(clientId));
}

/** A user, by their username if that is known. */
export function userLink(userId: string, name?: string | null): HTMLElement {
  return h('a', { href: userAddress(userId), title: userId }, name ?? shortId(userId));
}

/** A web address that somebody else wrote: followed only if it is one. */
export function outsideLink(address: string): HTMLElement {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return h('span', {}, address);
  return h('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, address);
}
