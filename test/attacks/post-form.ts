import type { Person, Step } from '../support/person.ts';

/** Sends fields as a browser's form does; no redirect is followed. */
export function postForm(
  person: Person,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Step> {
  return person.request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });
}
