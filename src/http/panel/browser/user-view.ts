import { actButton, plainButton } from './acts.ts';
import { send } from './api.ts';
import type { User } from './api-types.ts';
import { announce } from './announce.ts';
import { copyButton } from './copy-button.ts';
import { ask } from './dialog.ts';
import { h } from './dom.ts';
import { form } from './form.ts';
import { exact } from './format.ts';
import { grantsList, tokensList } from './grants-and-tokens.ts';
import { revealPassword } from './new-user-view.ts';
import { card, facts, pageHead } from './page-head.ts';
import { setTitle, type Visit } from './router.ts';
import { section } from './section.ts';
import { passwordField, profileFields } from './user-fields.ts';
import { userSessions } from './user-sessions.ts';
import { isLocked, roleOf, userPill } from './users-view.ts';
import { words } from './words.ts';

const labels = words.user;

interface Loaded {
  readonly user: User;
  readonly etag: string | null;
}

/** One user: profile, sessions, and what they allowed. */
export function userView({ id, signal }: Visit): HTMLElement {
  const path = `/users/${encodeURIComponent(id)}`;
  const parts = section<Loaded>({
    signal,
    isPage: true,
    load: async () => {
      const { value, etag } = await send<User>('GET', path, { signal });
      return { user: value, etag };
    },
    render: (loaded) => {
      setTitle(loaded.user.username);
      return whole(loaded, path, signal, () => void parts.reload());
    },
  });
  return h(
    'div',
    {},
    h('p', { class: 'crumb' }, h('a', { href: '/admin/users' }, words.users.title)),
    parts.element,
  );
}

function whole({ user, etag }: Loaded, path: string, signal: AbortSignal, reload: () => void): HTMLElement {
  const filter = { user_id: user.user_id };
  return h(
    'div',
    {},
    pageHead(user.username, acts(user, path, reload)),
    facts([
      [
        labels.id,
        h('span', { class: 'beside' }, h('code', {}, user.user_id), copyButton(user.user_id, labels.copyId)),
      ],
      [words.users.status, userPill(user)],
      [words.users.role, roleOf(user)],
      [words.users.created, exact(user.created_at)],
      ...(isLocked(user) ? [[labels.lockedUntil, exact(user.locked_until)] as const] : []),
    ]),
    h(
      'div',
      { class: 'stack' },
      card(labels.profile, profile(user, etag, path, reload)),
      userSessions(path, signal),
      card(words.grants.title, grantsList(filter, signal)),
      card(words.tokens.title, tokensList(filter, signal)),
    ),
  );
}

function profile(user: User, etag: string | null, path: string, reload: () => void): HTMLElement {
  const { fields, read } = profileFields(user);
  const save = async () => {
    await send<User>('PATCH', path, { body: read(), etag });
    announce(labels.saved);
    reload();
  };
  return form({ fields, submit: labels.save, send: save });
}

function acts(user: User, path: string, reload: () => void): (HTMLElement | false)[] {
  const post = (act: string) => async () => {
    await send('POST', `${path}/${act}`, { body: {} });
  };
  const andReload = (act: () => Promise<void>) => async () => {
    await act();
    reload();
  };
  const { username } = user;
  const reset = h('button', { type: 'button', class: 'button button-quiet' }, labels.reset);
  reset.addEventListener('click', () => void resetPassword(username, path).then((done) => done && reload()));
  return [
    user.disabled_at === null
      ? actButton({ ...labels.disable(username), dangerous: true, act: post('disable'), after: reload })
      : plainButton(labels.enable, andReload(post('enable')), labels.enabled),
    isLocked(user) && plainButton(labels.unlock, andReload(post('unlock')), labels.unlocked),
    reset,
    actButton({ ...labels.revoke(username), dangerous: true, act: post('revoke'), after: reload }),
  ];
}

async function resetPassword(username: string, path: string): Promise<boolean> {
  const field = passwordField();
  const made: string[] = [];
  const done = await ask({
    title: labels.resetTitle(username),
    body: [h('p', {}, labels.resetBody), field.element],
    confirm: labels.reset,
    act: async () => {
      const typed = field.value();
      const body = typed === '' ? {} : { password: typed };
      const { value } = await send<{ password: string | null }>('POST', `${path}/reset-password`, { body });
      if (value.password !== null) made.push(value.password);
    },
  });
  if (!done) return false;
  for (const password of made) await revealPassword(password);
  announce(labels.resetDone);
  return true;
}
