import { copyButton } from './copy-button.ts';
import { h, newId, type Child } from './dom.ts';
import { sentenceFor } from './section.ts';
import { words } from './words.ts';

export interface Question {
  readonly title: string;
  /** What the act takes along, or the fields that it needs. */
  readonly body: Child;
  /** What the button says: the act, not "OK". */
  readonly confirm: string;
  readonly dangerous?: boolean;
  readonly act: () => Promise<void>;
}

/** Asks first. The dialog stays until the act is done or given up; resolves to whether it was done. */
export function ask(question: Question): Promise<boolean> {
  const problem = h('div', { role: 'alert' });
  const confirm = h(
    'button',
    { type: 'submit', class: question.dangerous ? 'button button-danger' : 'button' },
    question.confirm,
  );
  const cancel = h('button', { type: 'button', class: 'button button-quiet' }, words.dialog.cancel);
  const form = h(
    'form',
    { method: 'dialog', novalidate: true },
    question.body,
    problem,
    h('div', { class: 'acts' }, confirm, cancel),
  );
  const dialog = open(question.title, form);
  let done = false;
  cancel.addEventListener('click', () => dialog.close());
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    confirm.disabled = true;
    question.act().then(
      () => {
        done = true;
        dialog.close();
      },
      (error: unknown) => {
        confirm.disabled = false;
        problem.replaceChildren(h('p', { class: 'notice notice-bad' }, sentenceFor(error)));
      },
    );
  });
  return closed(dialog).then(() => done);
}

export interface Revelation {
  readonly title: string;
  readonly label: string;
  readonly secret: string;
  readonly hint: string;
}

/** Shows a secret, once. Escape does not lose it. */
export function reveal({ title, label, secret, hint }: Revelation): Promise<void> {
  const id = newId('secret');
  const field = h('input', {
    id,
    class: 'secret',
    type: 'text',
    readonly: true,
    value: secret,
    spellcheck: 'false',
  });
  field.addEventListener('focus', () => field.select());
  const form = h(
    'form',
    { method: 'dialog' },
    h('p', {}, hint),
    h(
      'div',
      { class: 'field' },
      h('label', { for: id }, label),
      h('div', { class: 'beside' }, field, copyButton(secret)),
    ),
    h(
      'div',
      { class: 'acts' },
      h('button', { type: 'submit', class: 'button button-quiet' }, words.dialog.stored),
    ),
  );
  const dialog = open(title, form);
  dialog.addEventListener('cancel', (event) => event.preventDefault());
  return closed(dialog);
}

function open(title: string, content: HTMLElement): HTMLDialogElement {
  const id = newId('title');
  const dialog = h('dialog', { 'aria-labelledby': id }, h('h2', { id }, title), content);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function closed(dialog: HTMLDialogElement): Promise<void> {
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve();
    });
  });
}
