import { html, render } from './html.ts';
import { text } from './text.ts';

/** The page around Swagger UI. Its scripts and styles are files of this server, so that the policy needs no exception. */
export function swaggerPage(folder: string): string {
  const script = (file: string) => html`<script src="${`${folder}/${file}`}"></script>`;
  return render(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="robots" content="noindex" />
          <title>${text.documentTitle(text.apiDocumentation.title)}</title>
          ${script('own-origin.js')}
          <link rel="icon" type="image/png" href="${`${folder}/favicon-32x32.png`}" />
          <link rel="stylesheet" href="${`${folder}/swagger-ui.css`}" />
          <link rel="stylesheet" href="${`${folder}/page.css`}" />
        </head>
        <body>
          <noscript><p>${text.apiDocumentation.needsScripts}</p></noscript>
          <main id="swagger-ui"></main>
          ${['swagger-ui-bundle.js', 'swagger-ui-standalone-preset.js', 'swagger-ui-init.js'].map(script)}
        </body>
      </html> `,
  );
}

/** What the page adds to Swagger UI's own style. */
export const swaggerPageStyle = 'body { margin: 0; background: #fafafa; }\n';

/**
 * Leads whoever came by another name of this server, such as localhost, to the issuer: what the document says holds there, and
 * the page may ask nobody else. Decided in the browser, which alone knows by what name it came through the proxies.
 */
export function ownOriginScript(issuer: string, path: string): string {
  const [origin, page] = [issuer, issuer + path].map((url) => JSON.stringify(url));
  return `if (location.origin !== ${origin}) location.replace(${page});\n`;
}
