import { html, type Html } from './html.ts';
import { text } from './text.ts';

export type LayoutView = {
  readonly title: string;
  readonly body: Html;
  /** For a page with more on it than one question. */
  readonly wide?: boolean;
};

/** The document around every page. The title is untrusted text; the body is markup made by `html`. */
export function layout({ title, body, wide = false }: LayoutView): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${text.documentTitle(title)}</title>
        <link rel="stylesheet" href="/assets/stagedoor.css" />
      </head>
      <body>
        <header class="masthead">
          <p class="wordmark"><span class="wordmark-door" aria-hidden="true"></span>${text.siteName}</p>
        </header>
        <main class="${wide ? 'card card-wide' : 'card'}">${body}</main>
        <footer class="footer"><p>${text.footer}</p></footer>
      </body>
    </html> `;
}
