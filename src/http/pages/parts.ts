import { html, type Html } from './html.ts';
import { text } from './text.ts';

/**
 * A name somebody else chose, set apart: `bdi` keeps direction-changing characters in it from reordering the
 * sentence around it. The value is untrusted.
 */
export function name(value: string): Html {
  return html`<bdi class="name">${value}</bdi>`;
}

/** One hidden form field. Name and value are untrusted. */
export function hidden(field: string, value: string): Html {
  return html`<input type="hidden" name="${field}" value="${value}" />`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A point in time, to the minute and in UTC: the server does not know where the person is. */
export function moment(at: Date): Html {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()] ?? ''} ${at.getUTCFullYear()}`;
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())} UTC`;
  return html`<time datetime="${at.toISOString()}">${day}, ${time}</time>`;
}

/** Who is signed in, with room for one link beside it. The username is untrusted. */
export function identity(username: string, aside?: Html): Html {
  const initial = Array.from(username.trim())[0]?.toUpperCase();
  return html`<div class="identity">
    <span class="identity-initial" aria-hidden="true">${initial}</span>
    <p class="identity-words">${text.signedInAs(name(username))}</p>
    ${aside}
  </div>`;
}
