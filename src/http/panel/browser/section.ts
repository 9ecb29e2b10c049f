import { Refused, Unreachable } from './api.ts';
import { fill, h, type Child } from './dom.ts';
import { words } from './words.ts';

export interface SectionParts<Value> {
  readonly signal: AbortSignal;
  readonly load: () => Promise<Value>;
  readonly render: (value: Value) => Child;
  /** Whether this is all of the page, whose name is then what went wrong. */
  readonly isPage?: boolean;
}

export interface Section {
  readonly element: HTMLElement;
  /** Loads it again; what is there stays until the new is. */
  readonly reload: () => Promise<void>;
}

/** A part of a page that is loaded: first a placeholder, then what came, or why it did not and a way to try again. */
export function section<Value>({ signal, load, render, isPage }: SectionParts<Value>): Section {
  const element = h('div', { class: 'section' }, placeholder());
  const reload = async () => {
    element.setAttribute('aria-busy', 'true');
    try {
      fill(element, render(await load()));
    } catch (error) {
      const retry = () => void reload();
      if (!signal.aborted) fill(element, failure(error, retry, isPage));
    } finally {
      element.removeAttribute('aria-busy');
    }
  };
  void reload();
  return { element, reload };
}

/** What is shown while nothing has come yet. */
export function placeholder(): HTMLElement {
  return h('p', { class: 'loading' }, words.loading);
}

/** Why something could not be loaded, and the way to try again. */
export function failure(error: unknown, retry: () => void, isPage = false): HTMLElement {
  const { title, hint, canRetry } = explain(error);
  return h(
    'div',
    { class: 'notice notice-bad', role: 'alert' },
    isPage ? h('h1', {}, title) : h('p', {}, h('strong', {}, title)),
    h('p', {}, hint),
    error instanceof Refused && error.requestId !== null && error.status >= 500
      ? h('p', { class: 'soft' }, words.error.request(error.requestId))
      : null,
    canRetry && h('button', { type: 'button', class: 'button button-quiet', onclick: retry }, words.retry),
  );
}

/** One sentence on what went wrong, for the place where something was tried. */
export function sentenceFor(error: unknown): string {
  const { title, hint } = explain(error);
  return error instanceof Refused && error.status < 500 ? error.message : `${title}. ${hint}`;
}

function explain(error: unknown): { title: string; hint: string; canRetry: boolean } {
  if (error instanceof Unreachable) return { ...words.error.network, canRetry: true };
  if (!(error instanceof Refused)) return { ...words.error.bug, canRetry: true };
  switch (error.status) {
    case 401:
      return { ...words.error.signedOut, canRetry: false };
    case 403:
      return { title: words.error.forbidden, hint: error.message, canRetry: true };
    case 404:
      return { title: words.error.notFound, hint: words.error.notFoundHint, canRetry: false };
    case 503:
      return { ...words.error.busy, canRetry: true };
    default:
      return { title: words.error.failed, hint: error.message, canRetry: true };
  }
}
