import { redirectUriProblem } from '../../../oauth/redirect-uri.ts';
import type { FieldMistake } from './api-types.ts';
import { words } from './words.ts';

/** The addresses of a field that takes one a line. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** What the server would refuse, said before it is asked, by the server's own rule. */
export function redirectUriMistakes(uris: readonly string[]): FieldMistake[] {
  return uris.flatMap((uri, index) => {
    const problem = redirectUriProblem(uri);
    return problem === undefined
      ? []
      : [{ field: `redirect_uris.${index}`, message: words.clientForm.redirectUriMistake(uri, problem) }];
  });
}
