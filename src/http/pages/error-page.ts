import { html, render } from './html.ts';
import { layout } from './layout.ts';
import { text } from './text.ts';

export type ErrorView = {
  readonly title: string;
  readonly message: string;
  /** What the person can do about it. */
  readonly hint?: string | undefined;
  readonly requestId: string;
  /** The protocol's word for it, such as `invalid_request`. */
  readonly code?: string | undefined;
};

const words = text.error;

/**
 * Says what went wrong to a person; the code and the request id, for whoever helps them, are in small print.
 * Every value is untrusted.
 */
export function errorPage({ title, message, hint, requestId, code }: ErrorView): string {
  const codeLine = code
    ? html`<dt>${words.code}</dt>
        <dd>${code}</dd>`
    : null;
  const body = html`<h1>${title}</h1>
    <p class="lead">${message}</p>
    ${hint ? html`<p>${hint}</p>` : null}
    <div class="small-print">
      <p>${words.report}</p>
      <dl>
        ${codeLine}
        <dt>${words.requestId}</dt>
        <dd>${requestId}</dd>
      </dl>
    </div>`;
  return render(layout({ title, body }));
}
