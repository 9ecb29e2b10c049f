import { announce, announceFailure } from './announce.ts';
import { h } from './dom.ts';
import { words } from './words.ts';

/** A button that copies a text, and says so on itself: a dialog hides what is announced behind it. */
export function copyButton(text: string, what: string = words.copy.it): HTMLButtonElement {
  const button = h(
    'button',
    { type: 'button', class: 'button button-quiet button-small', 'aria-label': what },
    words.copy.it,
  );
  button.addEventListener('click', () => {
    // There is no clipboard where the server is reached by plain http from another machine.
    const copied =
      'clipboard' in navigator ? navigator.clipboard.writeText(text) : Promise.reject(new Error());
    copied.then(
      () => {
        button.textContent = words.copy.done;
        announce(words.copy.done);
      },
      () => announceFailure(words.copy.failed),
    );
  });
  return button;
}
