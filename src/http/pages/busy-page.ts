import { html, render } from './html.ts';
import { layout } from './layout.ts';
import { text } from './text.ts';

/** Tells a person that the server is busy. The same for everybody, so that it can be made once. */
export function busyPage(): string {
  const { title, message, hint } = text.error.unavailable;
  const body = html`<h1>${title}</h1>
    <p class="lead">${message}</p>
    <p>${hint}</p>`;
  return render(layout({ title, body }));
}
