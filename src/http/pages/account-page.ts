import { html, render } from './html.ts';
import { layout } from './layout.ts';
import { hidden, identity } from './parts.ts';
import { text } from './text.ts';

export type AccountView = {
  readonly username: string;
  readonly csrfToken: string;
};

const words = text.account;

/** The signed-in person's own page. Every value is untrusted. */
export function accountPage({ username, csrfToken }: AccountView): string {
  const body = html`<h1>${words.title}</h1>
    <p class="lead">${words.lead}</p>
    ${identity(username)}
    <form class="choices" method="post" action="/auth/logout">
      ${hidden('csrf_token', csrfToken)}
      <button class="button button-quiet" type="submit">${words.signOut}</button>
    </form>`;
  return render(layout({ title: words.title, body }));
}
