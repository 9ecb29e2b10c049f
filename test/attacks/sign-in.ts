import { expect } from '@jest/globals';
import { Person } from '../support/person.ts';
import { ADMIN } from '../support/server.ts';

/** A person who is signed in at a server. */
export async function signIn(base: string, person: Person = new Person(base)): Promise<Person> {
  const step = await person.logIn(await person.open('/auth/login'));
  expect({ status: step.status, text: step.text }).toEqual({
    status: 200,
    text: expect.stringMatching(`<bdi class="name">${ADMIN.username}</bdi>`),
  });
  return person;
}
