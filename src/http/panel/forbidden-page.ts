import { html, render } from '../pages/html.ts';
import { layout } from '../pages/layout.ts';
import { identity } from '../pages/parts.ts';
import { text } from '../pages/text.ts';

export type ForbiddenView = {
  readonly username: string;
  readonly signInLocation: string;
};

const words = text.panel.forbidden;

/** Tells somebody who is signed in, but no admin, why there is nothing to see. Every value is untrusted. */
export function forbiddenPage({ username, signInLocation }: ForbiddenView): string {
  const body = html`<h1>${words.title}</h1>
    <p class="lead">${words.lead}</p>
    ${identity(username)}
    <div class="choices">
      <a class="button" href="${signInLocation}">${words.signIn}</a>
      <a class="button button-quiet" href="/account">${words.account}</a>
    </div>`;
  return render(layout({ title: words.title, body }));
}
