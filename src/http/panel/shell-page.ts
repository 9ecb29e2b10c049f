import { html, render, type Html } from '../pages/html.ts';
import { hidden, name } from '../pages/parts.ts';
import { text } from '../pages/text.ts';
import type { PanelAssets } from './assets.ts';

export type ShellView = {
  readonly username: string;
  readonly csrfToken: string;
  readonly path: string;
  readonly assets: Pick<PanelAssets, 'main' | 'modules' | 'stylesheet'>;
};

const words = text.panel;

const NAVIGATION = [
  ['/admin', words.nav.overview],
  ['/admin/clients', words.nav.clients],
  ['/admin/users', words.nav.users],
  ['/admin/tokens', words.nav.tokens],
  ['/admin/keys', words.nav.keys],
  ['/admin/activity', words.nav.activity],
] as const;

/** What every page of the panel begins as; the scripts fill `main` by its address. Every value is untrusted. */
export function shellPage({ username, csrfToken, path, assets }: ShellView): string {
  return render(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="robots" content="noindex" />
          <meta name="csrf-token" content="${csrfToken}" />
          <title>${text.documentTitle(words.title)}</title>
          <link rel="stylesheet" href="${assets.stylesheet}" />
          ${assets.modules.map((module) => html`<link rel="modulepreload" href="${module}" />`)}
          <script type="module" src="${assets.main}"></script>
        </head>
        <body>
          <a class="skip" href="#main">${words.skip}</a>
          <header class="bar">
            <p class="wordmark"><span class="wordmark-door" aria-hidden="true"></span>${text.siteName}</p>
            <nav class="nav" aria-label="${words.title}">
              ${NAVIGATION.map(([href, label]) => link(href, label, path))}
            </nav>
            ${signOut(username, csrfToken)}
          </header>
          <main class="main" id="main" tabindex="-1">
            <noscript><p class="notice">${words.noScript}</p></noscript>
            <p class="loading">${words.loading}</p>
          </main>
        </body>
      </html> `,
  );
}

function link(href: string, label: string, path: string): Html {
  const isHere = path === href || (href !== '/admin' && path.startsWith(`${href}/`));
  return html`<a href="${href}" ${isHere && html` aria-current="page"`}>${label}</a>`;
}

function signOut(username: string, csrfToken: string): Html {
  return html`<form class="who" method="post" action="/auth/logout">
    ${hidden('csrf_token', csrfToken)}
    <a class="who-name" href="/account" title="${words.account}">${name(username)}</a>
    <button class="button button-quiet button-small" type="submit">${text.account.signOut}</button>
  </form>`;
}
