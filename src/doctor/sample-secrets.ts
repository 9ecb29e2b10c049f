/**
 * What stands for a secret in documentation, values, compose files, benchmarks and tests of this project, and what people put where
 * they mean to put a secret later. All in lower case.
 */
export const SAMPLE_SECRETS: readonly string[] = [
  '0123456789abcdef0123456789abcdef',
  'a-master-secret-for-tests-only-0123456789',
  'another-master-secret-0123456789-abcdef',
  'correct horse battery',
  'correct horse battery staple',
];

/** Words that no random secret has. */
const PLACEHOLDERS =
  /change.?me|passw[o0]rd|secret|example|sample|stagedoor|default|replace|letmein|qwerty|12345678|dummy/i;

/** How many different characters a random secret of 32 characters has at the very least, hexadecimal ones too. */
const FEWEST_CHARACTERS = 8;

/** What is wrong with a secret that a machine should have made; undefined if it looks random. Never repeats any of it. */
export function weaknessOf(
  secret: string,
): { readonly isFatal: boolean; readonly words: string } | undefined {
  if (isSample(secret)) return { isFatal: true, words: 'is a sample from the documentation or the tests' };
  if (new Set(secret).size < FEWEST_CHARACTERS)
    return { isFatal: true, words: `has fewer than ${FEWEST_CHARACTERS} different characters` };
  if (hasShortPeriod(secret)) return { isFatal: true, words: 'repeats itself' };
  if (isSequence(secret)) return { isFatal: true, words: 'follows the alphabet or the keyboard' };
  if (PLACEHOLDERS.test(secret)) return { isFatal: true, words: 'has words of a placeholder' };
  if (isMadeOfWords(secret)) return { isFatal: false, words: 'looks like words and not like chance' };
  return undefined;
}

/** What is wrong with a person's password, as far as that can be told without a dictionary. */
export function passwordWeakness(password: string, username: string): string | undefined {
  if (isSample(password)) return 'is a sample from the documentation or the tests';
  if (new Set(password).size < FEWEST_CHARACTERS)
    return `has fewer than ${FEWEST_CHARACTERS} different characters`;
  if (hasShortPeriod(password)) return 'repeats itself';
  if (isSequence(password)) return 'follows the alphabet or the keyboard';
  if (password.toLowerCase().includes(username.toLowerCase())) return 'has the username in it';
  if (password.length < 20 && PLACEHOLDERS.test(password)) return 'has words that guessers try first';
  return undefined;
}

export function isSample(secret: string): boolean {
  return SAMPLE_SECRETS.includes(secret.trim().toLowerCase());
}

/** Whether a piece of at most half the secret makes all of it, over and over. */
function hasShortPeriod(secret: string): boolean {
  for (let period = 1; period <= secret.length / 2; period += 1)
    if ([...secret].every((character, index) => character === secret[index % period])) return true;
  return false;
}

const RUNS = ['abcdefghijklmnopqrstuvwxyz', '0123456789', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm'];

/** Whether half of its neighbours, or more, are neighbours in the alphabet, among the digits or on the keyboard. */
function isSequence(secret: string): boolean {
  const text = secret.toLowerCase();
  let neighbours = 0;
  for (let index = 1; index < text.length; index += 1)
    if (RUNS.some((run) => run.includes(text.slice(index - 1, index + 1)))) neighbours += 1;
  return neighbours >= text.length / 2;
}

const MOST = 0.8;

/** Whether most of it is runs of letters of one case, each as long as a word: chance makes few of those. */
function isMadeOfWords(secret: string): boolean {
  const words = secret.match(/[A-Z]?[a-z]{4,}|[A-Z]{5,}/g) ?? [];
  return words.join('').length > secret.length * MOST;
}
