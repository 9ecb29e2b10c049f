import { expect } from '@jest/globals';
import { postForm } from '../attacks/post-form.ts';
import { formOf, Person, type Step } from '../support/person.ts';
import { ADMIN } from '../support/server.ts';

/** The cookie of a session over plain http. */
export const SESSION = 'stagedoor_session';

/** A person who is signed in, by default with the password that addPerson gives. */
export async function signInAs(
  base: string,
  username: string,
  password: string = ADMIN.password,
): Promise<Person> {
  const person = new Person(base);
  const step = await person.logIn(await person.open('/auth/login'), { username, password });
  expect(step.text).toContain('Your account');
  return person;
}

export async function isSignedIn(person: Person): Promise<boolean> {
  return (await person.request('/account')).status === 200;
}

/** Sends a form of the person's account page; resolves to the answer itself. */
export async function sendForm(
  person: Person,
  path: string,
  fill: Readonly<Record<string, string>> = {},
): Promise<Step> {
  const { fields } = formOf(await person.open('/account'), path);
  return postForm(person, path, { ...fields, ...fill });
}

/** The fields of the form that changes the password. */
export function passwords(current: string, wanted: string, again = wanted): Record<string, string> {
  return { current_password: current, new_password: wanted, new_password_again: again };
}
