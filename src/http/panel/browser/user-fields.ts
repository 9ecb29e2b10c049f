import type { Role, User } from './api-types.ts';
import { checkField, textField } from './fields.ts';
import { words } from './words.ts';

const labels = words.userForm;

/** The fields of a person's profile, and how to read them. */
export function profileFields(user?: User) {
  const name = textField({
    name: 'name',
    label: labels.name,
    value: user?.name ?? '',
    attributes: { autocomplete: 'off' },
  });
  const email = textField({
    name: 'email',
    label: labels.email,
    value: user?.email ?? '',
    attributes: { type: 'email', autocomplete: 'off', spellcheck: 'false' },
    check: (text) => (text.trim() === '' || text.includes('@') ? null : labels.emailMistake),
  });
  const verified = checkField({
    name: 'email_verified',
    label: labels.verified,
    hint: labels.verifiedHint,
    value: user?.email_verified ?? false,
  });
  const admin = checkField({
    name: 'roles',
    label: labels.admin,
    hint: labels.adminHint,
    value: user?.roles.includes('admin') ?? false,
  });
  const roles = (): Role[] => (admin.value() ? ['admin'] : []);
  return {
    fields: [name, email, verified, admin],
    read: () => ({
      name: name.value().trim() || null,
      email: email.value().trim() || null,
      email_verified: verified.value(),
      roles: roles(),
    }),
  };
}

/** A password that may be left to the server. */
export function passwordField() {
  return textField({
    name: 'password',
    label: labels.password,
    hint: labels.passwordHint,
    attributes: { type: 'password', autocomplete: 'new-password' },
  });
}
