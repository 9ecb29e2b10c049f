import { send } from './api.ts';
import type { NewUser } from './api-types.ts';
import { announce } from './announce.ts';
import { reveal } from './dialog.ts';
import { h } from './dom.ts';
import { textField } from './fields.ts';
import { form } from './form.ts';
import { userAddress } from './links.ts';
import { pageHead } from './page-head.ts';
import { navigate } from './router.ts';
import { passwordField, profileFields } from './user-fields.ts';
import { words } from './words.ts';

const labels = words.newUser;

/** The form for a new user. A password that the server made is shown before the user's own page is. */
export function newUserView(): HTMLElement {
  const username = textField({
    name: 'username',
    label: words.users.username,
    attributes: { required: true, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' },
  });
  const profile = profileFields();
  const password = passwordField();
  const add = async () => {
    const typed = password.value();
    const body = {
      username: username.value().trim(),
      ...profile.read(),
      ...(typed !== '' && { password: typed }),
    };
    const { value } = await send<NewUser>('POST', '/users', { body });
    if (value.password !== null) await revealPassword(value.password);
    navigate(userAddress(value.user.user_id));
    announce(labels.done(value.user.username));
  };
  return h(
    'div',
    { class: 'narrow' },
    pageHead(labels.title),
    h(
      'div',
      { class: 'card' },
      form({
        fields: [username, ...profile.fields, password],
        submit: labels.submit,
        check: () =>
          username.value().trim() === '' ? [{ field: 'username', message: labels.usernameMissing }] : [],
        send: add,
      }),
    ),
  );
}

/** Shows a password that the server made. */
export function revealPassword(secret: string): Promise<void> {
  const { passwordTitle: title, password: label, passwordHint: hint } = labels;
  return reveal({ title, label, hint, secret });
}
