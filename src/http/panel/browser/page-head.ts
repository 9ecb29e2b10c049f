import { h, type Child } from './dom.ts';

/** The head of a page: its name, and at the side what can be done. */
export function pageHead(title: string, ...acts: readonly Child[]): HTMLElement {
  return h('div', { class: 'head' }, h('h1', {}, title), h('div', { class: 'acts' }, acts));
}

/** A part of a page in a frame of its own. */
export function card(title: string, ...content: readonly Child[]): HTMLElement {
  return h('section', { class: 'card' }, h('h2', {}, title), content);
}

/** Names and what they are. */
export function facts(pairs: readonly (readonly [string, Child])[]): HTMLElement {
  return h(
    'dl',
    { class: 'facts' },
    pairs.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  );
}
