import { announce, announceFailure } from './announce.ts';
import { ask, type Question } from './dialog.ts';
import { h } from './dom.ts';
import { sentenceFor } from './section.ts';

export interface Act extends Question {
  /** What the button on the page says. */
  readonly label: string;
  /** What is said when it is done; a function where that shows only then. */
  readonly done: string | (() => string);
  readonly after: () => void;
}

/** A button whose act is asked about first, and reported afterwards. */
export function actButton(act: Act, size: 'small' | 'normal' = 'normal'): HTMLButtonElement {
  const classes = [
    'button',
    act.dangerous ? 'button-warn' : 'button-quiet',
    size === 'small' && 'button-small',
  ];
  const button = h('button', { type: 'button', class: classes.filter(Boolean).join(' ') }, act.label);
  button.addEventListener('click', () => {
    void ask(act).then((done) => {
      if (!done) return;
      announce(typeof act.done === 'string' ? act.done : act.done());
      act.after();
    });
  });
  return button;
}

/** A button whose act harms nothing, and so is done at once. */
export function plainButton(label: string, act: () => Promise<void>, done: string): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'button button-quiet' }, label);
  button.addEventListener('click', () => {
    button.disabled = true;
    act().then(
      () => announce(done),
      (error: unknown) => {
        button.disabled = false;
        announceFailure(sentenceFor(error));
      },
    );
  });
  return button;
}
