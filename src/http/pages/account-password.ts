import { html, type Html } from './html.ts';
import { hidden } from './parts.ts';
import { text } from './text.ts';

/** What is wrong with each field of the form, as a constant sentence. */
export type PasswordMistakes = {
  readonly current?: string | undefined;
  readonly new?: string | undefined;
  readonly again?: string | undefined;
};

const words = text.account.password;

/** The form that changes the password. It shows mistakes beside their fields, and never what was typed. */
export function passwordSection({
  username,
  csrfToken,
  mistakes,
}: {
  username: string;
  csrfToken: string;
  mistakes: PasswordMistakes;
}): Html {
  return html`<section class="section" aria-labelledby="password">
    <h2 id="password">${words.title}</h2>
    <p class="fine">${words.lead}</p>
    <form class="form" method="post" action="/account/password">
      ${hidden('csrf_token', csrfToken)}
      <input type="text" value="${username}" autocomplete="username" hidden readonly />
      ${fieldsOf(mistakes).map(field)}
      <button class="button" type="submit">${words.submit}</button>
    </form>
  </section>`;
}

interface Field {
  readonly id: string;
  readonly label: string;
  readonly autocomplete: 'current-password' | 'new-password';
  readonly hint?: string;
  readonly mistake: string | undefined;
}

function fieldsOf(mistakes: PasswordMistakes): readonly Field[] {
  return [
    {
      id: 'current_password',
      label: words.current,
      autocomplete: 'current-password',
      mistake: mistakes.current,
    },
    {
      id: 'new_password',
      label: words.new,
      autocomplete: 'new-password',
      hint: words.hint,
      mistake: mistakes.new,
    },
    {
      id: 'new_password_again',
      label: words.again,
      autocomplete: 'new-password',
      mistake: mistakes.again,
    },
  ];
}

function field(
  { id, label, autocomplete, hint, mistake }: Field,
  index: number,
  all: readonly Field[],
): Html {
  const described = [hint !== undefined && `${id}_hint`, mistake !== undefined && `${id}_mistake`];
  const descriptions = described.filter((one) => one !== false).join(' ');
  // The form is at the end of the page: the browser goes where the first mistake is.
  const isFirst = all.findIndex((one) => one.mistake !== undefined) === index;
  return html`<div class="field">
    <label for="${id}">${label}</label>
    ${hint !== undefined && html`<p class="fine" id="${id}_hint">${hint}</p>`}
    <input
      id="${id}"
      name="${id}"
      type="password"
      required
      autocomplete="${autocomplete}"
      ${descriptions !== '' && html` aria-describedby="${descriptions}"`}${
        mistake !== undefined && html` aria-invalid="true"`
      }${isFirst && html` autofocus`}
    />
    ${mistake !== undefined && html`<p class="mistake" id="${id}_mistake">${mistake}</p>`}
  </div>`;
}
