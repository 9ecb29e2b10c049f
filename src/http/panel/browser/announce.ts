import { h } from './dom.ts';
import { words } from './words.ts';

const SHOWN_MS = 6000;

/** Where results are shown and read out; it must be there before there is anything to say. */
const said = h('div', { class: 'said', role: 'status' });
const failed = h('div', { class: 'said', role: 'alert' });
const heard = h('div', { class: 'unseen', role: 'status' });

/** Puts the live regions into the document. */
export function startAnnouncing(): void {
  document.body.append(h('div', { class: 'announcements' }, said, failed), heard);
}

/** Says that something is done; it goes by itself. */
export function announce(sentence: string): void {
  const note = h('p', { class: 'toast' }, sentence);
  said.replaceChildren(note);
  setTimeout(() => note.remove(), SHOWN_MS);
}

/** Says that something did not work; it stays until it is put away. */
export function announceFailure(sentence: string): void {
  const dismiss = h('button', { type: 'button', class: 'toast-close' }, words.dismiss);
  const note = h('p', { class: 'toast toast-bad' }, sentence, dismiss);
  dismiss.addEventListener('click', () => note.remove());
  failed.replaceChildren(note);
}

/** For ears alone: what eyes see happen, such as rows that were added. */
export function murmur(sentence: string): void {
  heard.textContent = sentence;
}
