import { passwordFlaw } from '../oauth/account-rules.ts';
import type { Parameters } from '../oauth/parameters.ts';
import { Sensitive } from '../oauth/sensitive.ts';
import type { PasswordMistakes } from './pages/account-password.ts';
import { text } from './pages/text.ts';

const words = text.account.password;

/** A form that was filled in as it should be, or what is wrong with it. */
export type PasswordForm =
  | { readonly kind: 'fit'; readonly currentPassword: Sensitive; readonly newPassword: Sensitive }
  | { readonly kind: 'unfit'; readonly mistakes: PasswordMistakes };

/** Reads the form that changes a password. Whether the current one is right is not known yet. */
export function readPasswordForm(form: Parameters): PasswordForm {
  const current = form.get('current_password') ?? '';
  const wanted = form.get('new_password') ?? '';
  const again = form.get('new_password_again') ?? '';
  const mistakes = {
    current: current === '' ? words.missing : undefined,
    new: mistakeOf(wanted, current),
    again: again === wanted ? undefined : words.different,
  };
  if (mistakes.current ?? mistakes.new ?? mistakes.again) return { kind: 'unfit', mistakes };
  return { kind: 'fit', currentPassword: new Sensitive(current), newPassword: new Sensitive(wanted) };
}

function mistakeOf(wanted: string, current: string): string | undefined {
  if (wanted === '') return words.missing;
  const flaw = passwordFlaw(wanted);
  if (flaw) return flaw === 'too short' ? words.tooShort : words.tooLong;
  return wanted === current ? words.unchanged : undefined;
}
