import { z } from 'zod';
import { ROLES, type UserDetails } from '../../actors/auth/messages.ts';
import { newSecret } from '../../oauth/secret.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import { ADMIN_API } from '../metadata.ts';
import { operation, type OperationTools, type Refusal } from './operation.ts';
import { listBody, listOf, pageQuery, pageRequest } from './paging.ts';
import { password, shownPassword, userChanges, userForm } from './user-form.ts';
import { formatTime, formatTimeOrNull, time, uuid } from './values.ts';

const user = z
  .object({
    user_id: uuid,
    username: z.string(),
    name: z.string().nullable(),
    email: z.string().nullable(),
    email_verified: z.boolean(),
    roles: z.array(z.enum(ROLES)),
    created_at: time,
    disabled_at: time.nullable(),
    locked_until: time.nullable().meta({
      description: 'Until when logins are refused, from everywhere or from some address, for too many failed',
    }),
  })
  .meta({ id: 'User' });

const params = z.object({ user_id: uuid });
const tag = 'Users';

export const userOperations = [
  operation({
    id: 'listUsers',
    method: 'get',
    path: '/users',
    tag,
    summary: 'List users, the youngest first',
    query: z.object({
      ...pageQuery('uuid'),
      search: z
        .string()
        .max(200)
        .optional()
        .meta({ description: 'Words of the user name, the name or the e-mail address, or their beginnings' }),
    }),
    success: { status: 200, description: 'A page of the list', schema: listOf(user, 'UserList') },
    handle: async ({ actors, query }) => {
      const search = query.search?.trim() || null;
      const page = await actors.auth.ask({ type: 'listUsers', search, page: pageRequest(query) });
      return { body: listBody(page, userBody) };
    },
  }),
  operation({
    id: 'createUser',
    method: 'post',
    path: '/users',
    tag,
    summary: 'Add a user',
    body: userForm,
    success: {
      status: 201,
      description: 'The user, and the password if one was made',
      schema: z.object({ user, password: shownPassword }).meta({ id: 'CreatedUser' }),
    },
    refusals: [409, 422],
    handle: async ({ actors, body, caller, randomBytes }) => {
      const chosen = choosePassword(body.password, randomBytes);
      const { username, name, email, roles, email_verified: emailVerified } = body;
      const added = await actors.auth.ask({
        type: 'addUser',
        username,
        password: chosen.password,
        name,
        email,
        emailVerified,
        roles,
        caller,
      });
      return {
        body: { user: userBody({ ...added, lockedUntil: null }), password: chosen.shown },
        version: added.version,
        location: `${ADMIN_API}/users/${added.userId}`,
      };
    },
  }),
  operation({
    id: 'readUser',
    method: 'get',
    path: '/users/:user_id',
    tag,
    summary: 'Read a user',
    params,
    success: { status: 200, description: 'The user; the version is the ETag', schema: user },
    refusals: [404],
    handle: ({ actors, params: { user_id } }) => answer(actors, user_id),
  }),
  operation({
    id: 'updateUser',
    method: 'patch',
    path: '/users/:user_id',
    tag,
    summary: 'Change a user',
    description:
      'What is left out stays. A role counts from the next request. The last admin stays one. Another e-mail address is not verified, unless the request says so.',
    params,
    body: userChanges,
    conditional: 'required',
    success: { status: 200, description: 'The user as it is now', schema: user },
    refusals: [404, 409, 412, 422, 428],
    handle: async ({ actors, params: { user_id }, body, ifMatch, caller }) => {
      const details = await actors.auth.ask({
        type: 'updateUser',
        userId: user_id,
        versions: ifMatch,
        changes: {
          ...(body.name !== undefined && { name: body.name }),
          ...(body.email !== undefined && { email: body.email }),
          ...(body.email_verified !== undefined && { emailVerified: body.email_verified }),
          ...(body.roles && { roles: body.roles }),
        },
        caller,
      });
      return { body: userBody(details), version: details.version };
    },
  }),
  userAct('disable', 'disableUser', 'Disable a user, end the sessions and revoke the tokens', [404, 409]),
  userAct('enable', 'enableUser', 'Enable a user again; what was revoked stays revoked', [404]),
  userAct('unlock', 'unlockUser', 'Forget the failed logins of a user', [404]),
  operation({
    id: 'resetPassword',
    method: 'post',
    path: '/users/:user_id/reset-password',
    tag,
    summary: 'Give a user a new password',
    description:
      'Ends the sessions, revokes the tokens and lifts a lock: whoever knew the old one keeps nothing.',
    params,
    body: z.strictObject({ password }).meta({ id: 'PasswordReset' }),
    success: {
      status: 200,
      description: 'The password if one was made',
      schema: z.object({ password: shownPassword }).meta({ id: 'ResetPassword' }),
    },
    refusals: [404, 422],
    handle: async ({ actors, params: { user_id }, body, caller, randomBytes }) => {
      const { username } = await actors.auth.ask({ type: 'readUser', userId: user_id });
      const chosen = choosePassword(body.password, randomBytes);
      await actors.auth.ask({ type: 'resetPassword', username, password: chosen.password, caller });
      return { body: { password: chosen.shown } };
    },
  }),
  operation({
    id: 'revokeUserTokens',
    method: 'post',
    path: '/users/:user_id/revoke',
    tag,
    summary: 'Revoke all tokens and grants of a user',
    params,
    success: { status: 204, description: 'They are revoked' },
    refusals: [404],
    handle: async ({ actors, params: { user_id }, caller }) => {
      const { userId } = await actors.auth.ask({ type: 'readUser', userId: user_id });
      await actors.tokens.ask({ type: 'revokeAllOfUser', userId, caller });
      return { body: undefined };
    },
  }),
];

/** An act on a user that needs no words, and answers with how the user is then. `type`: the message, and the operation's id. */
function userAct(
  act: string,
  type: 'disableUser' | 'enableUser' | 'unlockUser',
  summary: string,
  refusals: readonly Refusal[],
) {
  return operation({
    id: type,
    method: 'post',
    path: `/users/:user_id/${act}`,
    tag,
    summary,
    params,
    success: { status: 200, description: 'The user as it is now', schema: user },
    refusals,
    handle: async ({ actors, params: { user_id }, caller }) => {
      const { username } = await actors.auth.ask({ type: 'readUser', userId: user_id });
      await actors.auth.ask({ type, username, caller });
      return answer(actors, user_id);
    },
  });
}

function choosePassword(
  given: string | undefined,
  randomBytes: OperationTools['randomBytes'],
): { password: Sensitive; shown: string | null } {
  const made = given === undefined ? newSecret(randomBytes) : null;
  return { password: new Sensitive(given ?? made ?? ''), shown: made };
}

async function answer(actors: OperationTools['actors'], userId: string) {
  const details = await actors.auth.ask({ type: 'readUser', userId });
  return { body: userBody(details), version: details.version };
}

function userBody(details: UserDetails): z.input<typeof user> {
  return {
    user_id: details.userId,
    username: details.username,
    name: details.name,
    email: details.email,
    email_verified: details.emailVerified,
    roles: [...details.roles],
    created_at: formatTime(details.createdAt),
    disabled_at: formatTimeOrNull(details.disabledAt),
    locked_until: formatTimeOrNull(details.lockedUntil),
  };
}
