import { announce } from './announce.ts';
import { Refused } from './api.ts';
import type { FieldMistake } from './api-types.ts';
import { ask } from './dialog.ts';
import { fill, h, type Child } from './dom.ts';
import type { Field } from './fields.ts';
import { reopen } from './router.ts';
import { sentenceFor } from './section.ts';
import { words } from './words.ts';

type AnyField = Pick<Field<unknown>, 'name' | 'element' | 'complain' | 'focus'>;

export interface FormParts {
  readonly fields: readonly AnyField[];
  readonly submit: string;
  /** What is wrong with it, as far as this side can tell. */
  readonly check?: () => readonly FieldMistake[];
  readonly send: () => Promise<void>;
  /** What is said when it was sent; nothing where the page goes on to another. */
  readonly done?: string;
  readonly aside?: Child;
}

/** A form whose mistakes, ours and the server's, are shown at the field they are in. */
export function form({ fields, submit, check, send, done, aside }: FormParts): HTMLFormElement {
  const summary = h('div', { role: 'alert' });
  const button = h('button', { type: 'submit', class: 'button' }, submit);
  const element = h(
    'form',
    { class: 'form', novalidate: true },
    fields.map((field) => field.element),
    summary,
    h('div', { class: 'acts' }, button, aside),
  );
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    const mistakes = check?.() ?? [];
    showMistakes(fields, summary, mistakes);
    if (mistakes.length > 0) return;
    button.disabled = true;
    send()
      .then(
        () => {
          if (done !== undefined) announce(done);
        },
        (error: unknown) => showError(fields, summary, error),
      )
      .finally(() => (button.disabled = false));
  });
  return element;
}

/** Shows each mistake at its field; `redirect_uris.0` belongs to the field `redirect_uris`. */
function showMistakes(
  fields: readonly AnyField[],
  summary: HTMLElement,
  mistakes: readonly FieldMistake[],
): void {
  const homeless = mistakes.filter(({ field }) => !fields.some(({ name }) => isOf(name, field)));
  const wrong = fields.filter((field) => {
    const found = mistakes.filter((mistake) => isOf(field.name, mistake.field)).map(({ message }) => message);
    field.complain(found.length > 0 ? found.join(' ') : null);
    return found.length > 0;
  });
  const lines = [
    ...(wrong.length > 0 ? [words.form.mistakes(wrong.length)] : []),
    ...homeless.map(({ message }) => message),
  ];
  fill(summary, lines.length > 0 && h('p', { class: 'notice notice-bad' }, lines.join(' ')));
  wrong[0]?.focus();
}

function isOf(name: string, field: string): boolean {
  return field === name || field.startsWith(`${name}.`);
}

function showError(fields: readonly AnyField[], summary: HTMLElement, error: unknown): void {
  if (error instanceof Refused && error.status === 412) {
    void offerReload();
  } else if (error instanceof Refused && error.mistakes.length > 0) {
    showMistakes(fields, summary, error.mistakes);
  } else {
    fill(summary, h('p', { class: 'notice notice-bad' }, sentenceFor(error)));
  }
}

/** Somebody else was quicker, and what was typed here would undo their change unseen. */
function offerReload(): Promise<boolean> {
  return ask({
    title: words.form.changedTitle,
    body: h('p', {}, words.form.changed),
    confirm: words.form.reload,
    act: async () => reopen(),
  });
}
