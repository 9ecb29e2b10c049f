import { fill } from './dom.ts';
import { words } from './words.ts';

/** One visit to one page: over when the person goes on to another, which the signal tells. */
export interface Visit {
  /** What the path names, such as a client_id. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly signal: AbortSignal;
}

export interface Route {
  readonly path: RegExp;
  readonly show: (visit: Visit) => HTMLElement;
}

let routes: readonly Route[] = [];
let visit = new AbortController();

/** Shows the page of the current address, and from now on that of each link, without loading a document. */
export function startRouter(known: readonly Route[]): void {
  routes = known;
  document.addEventListener('click', follow);
  window.addEventListener('popstate', () => open({ focus: true }));
  open({ focus: false });
}

/** Goes to another page of the panel. */
export function navigate(address: string): void {
  history.pushState(null, '', address);
  open({ focus: true });
  window.scrollTo(0, 0);
}

/** Notes in the address what is filtered for, so that reloading and sharing it keep that. */
export function noteQuery(query: string): void {
  history.replaceState(null, '', location.pathname + query);
}

/** Shows the current page afresh. */
export function reopen(): void {
  open({ focus: true });
}

/** The name of the page, for the window and whoever hears rather than sees. */
export function setTitle(title: string): void {
  document.title = words.documentTitle(title);
}

function open({ focus }: { focus: boolean }): void {
  visit.abort();
  visit = new AbortController();
  const main = document.querySelector('main');
  const found = routes
    .map((route) => ({ route, match: route.path.exec(location.pathname) }))
    .find(({ match }) => match !== null);
  if (!main || !found) {
    location.reload();
    return;
  }
  markCurrent();
  const query = new URLSearchParams(location.search);
  const content = found.route.show({ id: found.match?.[1] ?? '', query, signal: visit.signal });
  fill(main, content);
  const heading = content.querySelector('h1');
  if (heading) setTitle(heading.textContent);
  if (focus) focusOn(heading ?? main);
}

/** The new page is where reading goes on, for keyboards and screen readers too. */
function focusOn(element: HTMLElement): void {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

function markCurrent(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>('.nav a')) {
    const { pathname } = new URL(link.href);
    const isHere =
      location.pathname === pathname ||
      (pathname !== '/admin' && location.pathname.startsWith(`${pathname}/`));
    if (isHere) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

function follow(event: MouseEvent): void {
  const { target, button, metaKey, ctrlKey, shiftKey, altKey } = event;
  if (event.defaultPrevented || button !== 0 || metaKey || ctrlKey || shiftKey || altKey) return;
  const link = target instanceof Element ? target.closest('a') : null;
  if (!link || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return;
  const isSkipLink = link.hash !== '' && link.pathname === location.pathname;
  if (isSkipLink || !routes.some(({ path }) => path.test(link.pathname))) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}
