import { appsSection, type ConnectedApp } from './account-apps.ts';
import { passwordSection, type PasswordMistakes } from './account-password.ts';
import { sessionsSection, type ShownSession } from './account-sessions.ts';
import { html, render } from './html.ts';
import { layout } from './layout.ts';
import { hidden, identity } from './parts.ts';
import { text } from './text.ts';

export type AccountView = {
  readonly username: string;
  readonly isAdmin: boolean;
  readonly csrfToken: string;
  /** What was just done, as a constant sentence. */
  readonly notice?: string | undefined;
  readonly apps: readonly ConnectedApp[];
  readonly sessions: readonly ShownSession[];
  readonly mistakes?: PasswordMistakes | undefined;
};

const words = text.account;

/** The signed-in person's own page: apps, sessions, password. Every value is untrusted. */
export function accountPage(view: AccountView): string {
  const { username, csrfToken, notice } = view;
  const signOut = html`<form method="post" action="/auth/logout">
    ${hidden('csrf_token', csrfToken)}
    <button class="button button-quiet button-small" type="submit">${words.signOut}</button>
  </form>`;
  const body = html`<h1>${words.title}</h1>
    ${notice !== undefined && html`<p class="notice" role="status">${notice}</p>`}
    ${identity(username, signOut)}
    ${view.isAdmin && html`<p class="fine admin-link"><a href="/admin">${words.admin}</a></p>`}
    ${appsSection(view.apps)} ${sessionsSection(view.sessions, csrfToken)}
    ${passwordSection({ username, csrfToken, mistakes: view.mistakes ?? {} })}`;
  return render(layout({ title: view.mistakes ? words.failedTitle : words.title, body, wide: true }));
}
