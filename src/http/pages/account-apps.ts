import { html, render, type Html } from './html.ts';
import { layout } from './layout.ts';
import { hidden, moment, name } from './parts.ts';
import { scopeWords, text } from './text.ts';

/** What an app is called. */
export type AppName = {
  readonly clientId: string;
  /** Undefined where the client is gone. */
  readonly clientName: string | undefined;
};

/** An app that may use the person's account. */
export type ConnectedApp = AppName & {
  readonly scopes: readonly string[];
  readonly since: Date;
  /** Undefined where the app is allowed but holds no access now. */
  readonly lastUsedAt: Date | undefined;
};

const words = text.account.apps;

/** What is connected to the account, each with a way to the end of it. */
export function appsSection(apps: readonly ConnectedApp[]): Html {
  return html`<section class="section" aria-labelledby="apps">
    <h2 id="apps">${words.title}</h2>
    ${
      apps.length === 0
        ? html`<p class="fine">${words.none}</p>`
        : html`<p class="fine">${words.lead}</p>
            <ul class="entries">
              ${apps.map(appEntry)}
            </ul>`
    }
  </section>`;
}

function appEntry(app: ConnectedApp): Html {
  const used = app.lastUsedAt ? words.lastUsed(moment(app.lastUsedAt)) : words.notInUse;
  return html`<li class="entry">
    <div class="entry-words">
      <h3>${appName(app)}</h3>
      <ul class="grants">
        ${(app.scopes.length > 0 ? app.scopes.map(scopeWords) : [text.consent.noScopes]).map(
          (line) => html`<li><bdi>${line}</bdi></li>`,
        )}
      </ul>
      <p class="fine">${words.since(moment(app.since))} ${used}</p>
    </div>
    <form method="get" action="/account/apps/disconnect">
      ${hidden('client_id', app.clientId)}
      <button class="button button-quiet button-small" type="submit">
        ${words.disconnect}<span class="unseen"> ${appName(app)}</span>
      </button>
    </form>
  </li>`;
}

/** Asks before an app is disconnected, and says what that takes along. Every value is untrusted. */
export function disconnectPage({ app, csrfToken }: { app: AppName; csrfToken: string }): string {
  const body = html`<h1>${words.confirmTitle(appName(app))}</h1>
    <p class="lead">${words.confirmLead}</p>
    <ul class="facts">
      ${words.consequences.map((line) => html`<li>${line}</li>`)}
    </ul>
    <form class="choices" method="post" action="/account/apps/disconnect">
      ${hidden('csrf_token', csrfToken)} ${hidden('client_id', app.clientId)}
      <button class="button" type="submit">${words.disconnect}</button>
      <a class="button button-quiet" href="/account">${text.account.keep}</a>
    </form>`;
  return render(layout({ title: words.confirmDocumentTitle, body }));
}

function appName({ clientName }: AppName): Html {
  return name(clientName ?? words.gone);
}
