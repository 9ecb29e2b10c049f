import { h } from './dom.ts';

export type Tone = 'good' | 'bad' | 'wait' | 'plain';

/** A state in a word; its colour only repeats what the word says. */
export function pill(tone: Tone, word: string): HTMLElement {
  return h('span', { class: `pill pill-${tone}` }, word);
}
