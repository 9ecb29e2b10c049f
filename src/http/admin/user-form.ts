import { z } from 'zod';
import { ROLES } from '../../actors/auth/messages.ts';
import { passwordProblem, USERNAME, USERNAME_RULE } from '../../oauth/account-rules.ts';
import { isPlainText } from '../../oauth/plain-text.ts';

/** What an admin may set, each with its own rule and a sentence for whoever breaks it. */
const fields = {
  name: z
    .string()
    .trim()
    .min(1, 'Leave the name out rather than empty')
    .max(200, 'The name has at most 200 characters')
    .refine(isPlainText, 'The name contains a character that cannot be shown')
    .nullable(),
  email: z.email('This is no e-mail address').max(254, 'The address has at most 254 characters').nullable(),
  email_verified: z.boolean(),
  roles: z.array(z.enum(ROLES, 'The only role is admin')).max(ROLES.length, 'Name each role once'),
};

/** A password that somebody chose. */
export const password = z
  .string()
  .check(({ value, issues }) => {
    const problem = passwordProblem(value);
    if (problem !== undefined) issues.push({ code: 'custom', message: problem, input: value });
  })
  .optional()
  .meta({ description: 'Left out: one is made, and shown in the answer', format: 'password' });

/** A password that was made. */
export const shownPassword = z
  .string()
  .nullable()
  .meta({ description: 'The password that was made, shown only now; null if the request named one' });

/** A new user. */
export const userForm = z
  .strictObject({
    username: z.string('Give the user a name').regex(USERNAME, `A user name has ${USERNAME_RULE}`),
    password,
    name: fields.name.default(null),
    email: fields.email.default(null),
    email_verified: fields.email_verified.default(false),
    roles: fields.roles.default([]),
  })
  .meta({ id: 'NewUser' });

/** Changes to a user: what is left out stays. */
export const userChanges = z.strictObject(fields).partial().meta({ id: 'UserChanges' });
