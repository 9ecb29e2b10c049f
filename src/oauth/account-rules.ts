const MIN_PASSWORD_LENGTH = 12;

/** bcrypt looks at no more than this and would silently ignore the rest. */
const MAX_PASSWORD_BYTES = 72;

/** What a user name may be, in words and as a pattern. */
export const USERNAME_RULE = '1 to 64 letters, digits and the characters . _ @ -';
export const USERNAME = /^[A-Za-z0-9._@-]{1,64}$/;

/** What is wrong with a password that someone wants to have; undefined if nothing is. */
export function passwordFlaw(password: string): 'too short' | 'too long' | undefined {
  if ([...password].length < MIN_PASSWORD_LENGTH) return 'too short';
  return isTooLongPassword(password) ? 'too long' : undefined;
}

/** The same in a sentence. */
export function passwordProblem(password: string): string | undefined {
  switch (passwordFlaw(password)) {
    case 'too short':
      return `A password needs at least ${MIN_PASSWORD_LENGTH} characters`;
    case 'too long':
      return `A password may have at most ${MAX_PASSWORD_BYTES} bytes`;
    case undefined:
      return undefined;
  }
}

/** Whether a password is longer than any that can have been set. */
export function isTooLongPassword(password: string): boolean {
  return Buffer.byteLength(password) > MAX_PASSWORD_BYTES;
}
