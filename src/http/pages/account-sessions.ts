import { deviceWords } from './device-words.ts';
import { html, render, type Html } from './html.ts';
import { layout } from './layout.ts';
import { hidden, moment } from './parts.ts';
import { text } from './text.ts';

/** A session as its owner is shown it. */
export type ShownSession = {
  readonly sessionId: string;
  readonly userAgent: string | null;
  readonly remoteAddress: string | null;
  readonly authenticatedAt: Date;
  readonly lastSeenAt: Date;
  /** Whether it is the one that the page is shown in. */
  readonly isThis: boolean;
};

const words = text.account.sessions;

/** Where the person is signed in, and the ways out. */
export function sessionsSection(sessions: readonly ShownSession[], csrfToken: string): Html {
  return html`<section class="section" aria-labelledby="sessions">
    <h2 id="sessions">${words.title}</h2>
    <p class="fine">${words.lead}</p>
    <ul class="entries">
      ${sessions.map((session) => sessionEntry(session, csrfToken))}
    </ul>
    <div class="choices">
      ${
        sessions.length > 1 &&
        html`<form class="choice" method="post" action="/account/sessions/end-others">
          ${hidden('csrf_token', csrfToken)}
          <button class="button button-quiet" type="submit">${words.endOthers}</button>
        </form>`
      }
      <form class="choice" method="get" action="/account/sessions/end-all">
        <button class="button button-quiet" type="submit">${words.endAll}</button>
      </form>
    </div>
  </section>`;
}

function sessionEntry(session: ShownSession, csrfToken: string): Html {
  const device = html`<bdi>${deviceWords(session.userAgent) ?? words.unknownDevice}</bdi>`;
  const address = session.remoteAddress ?? words.unknownAddress;
  return html`<li class="entry">
    <div class="entry-words">
      <h3>${device} ${session.isThis && html`<span class="badge">${words.isThis}</span>`}</h3>
      <p class="fine">
        ${words.from(html`<bdi>${address}</bdi>`, moment(session.authenticatedAt))}
        ${!session.isThis && words.lastSeen(moment(session.lastSeenAt))}
      </p>
    </div>
    ${
      !session.isThis &&
      html`<form method="post" action="/account/sessions/end">
        ${hidden('csrf_token', csrfToken)} ${hidden('session_id', session.sessionId)}
        <button class="button button-quiet button-small" type="submit">
          ${words.end}<span class="unseen"> ${device}</span>
        </button>
      </form>`
    }
  </li>`;
}

/** Asks before all sessions end, this one too. Every value is untrusted. */
export function endAllPage({ csrfToken }: { csrfToken: string }): string {
  const body = html`<h1>${words.confirmTitle}</h1>
    <p class="lead">${words.confirmLead}</p>
    <ul class="facts">
      ${words.consequences.map((line) => html`<li>${line}</li>`)}
    </ul>
    <form class="choices" method="post" action="/account/sessions/end-all">
      ${hidden('csrf_token', csrfToken)}
      <button class="button" type="submit">${words.endAll}</button>
      <a class="button button-quiet" href="/account">${text.account.keep}</a>
    </form>`;
  return render(layout({ title: words.confirmTitle, body }));
}
