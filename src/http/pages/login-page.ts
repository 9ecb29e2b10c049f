import { html, render } from './html.ts';
import { layout } from './layout.ts';
import { hidden, name } from './parts.ts';
import { text } from './text.ts';

export type LoginView = {
  readonly clientName?: string | undefined;
  readonly username?: string | undefined;
  /** Why the last attempt failed, in a sentence; absent before the first. */
  readonly failure?: string | undefined;
  readonly csrfToken: string;
  readonly returnTo?: string | undefined;
};

const words = text.login;

/**
 * The sign-in form. Every value is untrusted. A failure is one constant sentence, whatever failed, so that
 * it tells nobody whether an account exists. `returnTo` is only carried: check it where it is followed.
 */
export function loginPage({ clientName, username, failure, csrfToken, returnTo }: LoginView): string {
  const describedByFailure = failure !== undefined && html` aria-describedby="failure"`;
  const focus = html` autofocus`;
  const body = html`<h1>${clientName ? words.continueTo(name(clientName)) : words.title}</h1>
    ${!clientName && html`<p class="lead">${words.lead}</p>`}
    ${failure !== undefined && html`<p class="alert" role="alert" id="failure">${failure}</p>`}
    <form class="form" method="post" action="/auth/login">
      ${hidden('csrf_token', csrfToken)} ${returnTo !== undefined && hidden('return_to', returnTo)}
      <div class="field">
        <label for="username">${words.username}</label>
        <input
          id="username"
          name="username"
          type="text"
          value="${username}"
          required
          autocomplete="username"
          autocapitalize="none"
          autocorrect="off"
          spellcheck="false"
          ${describedByFailure}${!username && focus}
        />
      </div>
      <div class="field">
        <label for="password">${words.password}</label>
        <input
          id="password"
          name="password"
          type="password"
          required
          autocomplete="current-password"
          ${describedByFailure}${username && focus}
        />
      </div>
      <button class="button" type="submit">${words.submit}</button>
    </form>`;
  return render(layout({ title: failure === undefined ? words.title : words.failedTitle, body }));
}
