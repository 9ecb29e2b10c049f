import { html, render, type Html } from './html.ts';
import { layout } from './layout.ts';
import { hidden, identity, name } from './parts.ts';
import { scopeWords, text } from './text.ts';

export type ConsentView = {
  readonly clientName: string;
  /** Shown only if it is an http(s) address. */
  readonly clientUri?: string | undefined;
  /** True when an admin vouches for the name; otherwise the page says that the app chose it. */
  readonly nameVerified?: boolean | undefined;
  readonly username: string;
  readonly scopes: readonly string[];
  /** The redirect URI's host, or an app's scheme with its colon (`com.example.app:`). */
  readonly redirectTarget: string;
  readonly csrfToken: string;
  /** The authorization request, carried in hidden fields. */
  readonly parameters: readonly (readonly [string, string])[];
};

const words = text.consent;

/**
 * Asks the signed-in person to allow or refuse a client. Every value is untrusted, the client's name and
 * website most of all; the redirect target is what the person can rely on, so it is the largest thing said.
 */
export function consentPage(view: ConsentView): string {
  const notYou = html`<a href="/auth/logout">${words.notYou}</a>`;
  const body = html`<h1>${words.heading(name(view.clientName))}</h1>
    ${website(view.clientUri)} ${identity(view.username, notYou)}
    <h2>${words.scopes}</h2>
    ${scopeList(view.scopes)}
    <div class="destination">
      <p class="label">${words.destination}</p>
      <p class="destination-host"><bdi>${view.redirectTarget}</bdi></p>
      ${deviceHint(view.redirectTarget)}
    </div>
    ${!view.nameVerified && html`<p class="fine">${words.unverified}</p>`} ${decisionForm(view)}`;
  return render(layout({ title: words.title, body }));
}

/** The names the form itself uses. A request that brings its own `decision` must not answer for the person. */
const RESERVED: ReadonlySet<string> = new Set(['decision', 'csrf_token']);

function decisionForm({ csrfToken, parameters }: ConsentView): Html {
  const carried = parameters.filter(([field]) => !RESERVED.has(field));
  return html`<form class="choices" method="post" action="/oauth/authorize/decision">
    ${hidden('csrf_token', csrfToken)} ${carried.map(([field, value]) => hidden(field, value))}
    <button class="button" type="submit" name="decision" value="allow">${words.allow}</button>
    <button class="button button-quiet" type="submit" name="decision" value="deny">${words.deny}</button>
  </form>`;
}

function scopeList(scopes: readonly string[]): Html {
  const lines = scopes.length > 0 ? scopes.map(scopeWords) : [words.noScopes];
  return html`<ul class="grants">
    ${lines.map((line) => html`<li><bdi>${line}</bdi></li>`)}
  </ul>`;
}

// A link is followed, not only shown: anything but http(s), `javascript:` above all, stays out of href.
function website(clientUri: string | undefined): Html | null {
  const url = clientUri !== undefined && URL.canParse(clientUri) ? new URL(clientUri) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return null;
  const link = html`<a href="${url.href}" target="_blank" rel="noopener noreferrer nofollow">${url.host}</a>`;
  return html`<p class="fine">${words.website(link)}</p>`;
}

function deviceHint(target: string): Html | null {
  if (/^(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?$/i.test(target))
    return html`<p class="fine">${words.loopback}</p>`;
  if (target.endsWith(':')) return html`<p class="fine">${words.appScheme}</p>`;
  return null;
}
