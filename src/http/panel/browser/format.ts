import { h } from './dom.ts';
import { words } from './words.ts';

const LOCALE = 'en-GB';
const number = new Intl.NumberFormat(LOCALE);
const date = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' });
const clock = new Intl.DateTimeFormat(LOCALE, { timeStyle: 'short' });
const second = new Intl.DateTimeFormat(LOCALE, { timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto', style: 'short' });

const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;

const STEPS = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
] as const;

/** A count with its thousands set apart. */
export function formatCount(count: number): string {
  return number.format(count);
}

/** A duration in milliseconds, as exact as is of use. */
export function formatMilliseconds(ms: number | null): string {
  if (ms === null) return words.none;
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms >= 10_000 ? 0 : 1)} s`;
  return `${ms >= 10 || Number.isInteger(ms) ? ms.toFixed(0) : ms.toFixed(1)} ms`;
}

/** Hour and minute. */
export function formatClock(time: string): string {
  return clock.format(new Date(time));
}

/** Hour, minute and second. */
export function formatSecond(time: Date): string {
  return second.format(time);
}

/** Day and time of day. */
export function formatTime(time: string): string {
  return date.format(new Date(time));
}

/** How far away a time is, in the largest unit that fits: "5 min ago", "in 3 days". */
export function formatDistance(time: string, now: number = Date.now()): string {
  let amount = (new Date(time).getTime() - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(amount) < size) return relative.format(Math.round(amount), unit);
    amount /= size;
  }
  return relative.format(Math.round(amount), 'year');
}

/** A time as its distance, and on demand exactly; or words for there being none. */
export function ago(time: string | null, otherwise: string = words.none): HTMLElement {
  if (time === null) return h('span', { class: 'soft' }, otherwise);
  return h('time', { datetime: time, title: formatTime(time) }, formatDistance(time));
}

/** A time exactly. */
export function exact(time: string | null, otherwise: string = words.none): HTMLElement {
  if (time === null) return h('span', { class: 'soft' }, otherwise);
  return h('time', { datetime: time }, formatTime(time));
}

/** A part of a long id, enough to tell it from its neighbours; all of it on demand. */
export function shortId(id: string): HTMLElement {
  const SHOWN = 10;
  if (id.length <= SHOWN + 2) return h('code', {}, id);
  // Ids that grow with time begin alike.
  const part = UUID.test(id) ? `…${id.slice(-8)}` : `${id.slice(0, SHOWN)}…`;
  return h('code', { title: id }, part);
}
