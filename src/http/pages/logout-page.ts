import { html, render } from './html.ts';
import { layout } from './layout.ts';
import { hidden, identity } from './parts.ts';
import { text } from './text.ts';

export type LogoutView = {
  readonly username: string;
  readonly csrfToken: string;
};

const words = text.logout;

/** Asks before signing out, so that a link alone signs nobody out. Every value is untrusted. */
export function logoutPage({ username, csrfToken }: LogoutView): string {
  const body = html`<h1>${words.title}</h1>
    <p class="lead">${words.lead}</p>
    ${identity(username)}
    <form class="choices" method="post" action="/auth/logout">
      ${hidden('csrf_token', csrfToken)}
      <button class="button" type="submit">${words.confirm}</button>
      <a class="button button-quiet" href="/account">${words.stay}</a>
    </form>`;
  return render(layout({ title: words.title, body }));
}

/** Shown after signing out. */
export function loggedOutPage(): string {
  const body = html`<h1>${words.doneTitle}</h1>
    <p class="lead">${words.done}</p>
    <div class="choices"><a class="button" href="/auth/login">${words.again}</a></div>`;
  return render(layout({ title: words.doneTitle, body }));
}
