import { actButton, plainButton } from './acts.ts';
import { send } from './api.ts';
import type { Client, ClientInput } from './api-types.ts';
import { announce } from './announce.ts';
import { clientForm } from './client-form.ts';
import { clientSecrets } from './client-secrets.ts';
import { clientPill, kindOf } from './clients-view.ts';
import { copyButton } from './copy-button.ts';
import { fill, h } from './dom.ts';
import { exact } from './format.ts';
import { grantsList, tokensList } from './grants-and-tokens.ts';
import { outsideLink } from './links.ts';
import { card, facts, pageHead } from './page-head.ts';
import { navigate, setTitle, type Visit } from './router.ts';
import { section } from './section.ts';
import { words } from './words.ts';

const labels = words.client;

interface Loaded {
  readonly client: Client;
  readonly etag: string | null;
}

/** One client: its settings, its secrets, and what it holds. */
export function clientView({ id, signal }: Visit): HTMLElement {
  const path = `/clients/${encodeURIComponent(id)}`;
  const parts = section<Loaded>({
    signal,
    isPage: true,
    load: async () => {
      const { value, etag } = await send<Client>('GET', path, { signal });
      return { client: value, etag };
    },
    render: (loaded) => {
      setTitle(loaded.client.client_name);
      return whole(loaded, path, signal, () => void parts.reload());
    },
  });
  return h(
    'div',
    {},
    h('p', { class: 'crumb' }, h('a', { href: '/admin/clients' }, words.clients.title)),
    parts.element,
  );
}

function whole({ client, etag }: Loaded, path: string, signal: AbortSignal, reload: () => void): HTMLElement {
  const filter = { client_id: client.client_id };
  return h(
    'div',
    {},
    pageHead(client.client_name, acts(client, path, reload)),
    summary(client),
    h(
      'div',
      { class: 'stack' },
      card(labels.settings, settings(client, etag, path)),
      client.token_endpoint_auth_method === 'none'
        ? card(labels.secrets, h('p', { class: 'soft' }, labels.noSecrets))
        : clientSecrets(path, signal),
      card(words.grants.title, grantsList(filter, signal)),
      card(words.tokens.title, tokensList(filter, signal)),
    ),
  );
}

function summary(client: Client): HTMLElement {
  return facts([
    [
      labels.id,
      h(
        'span',
        { class: 'beside' },
        h('code', {}, client.client_id),
        copyButton(client.client_id, labels.copyId),
      ),
    ],
    [words.clients.status, clientPill(client)],
    [words.clients.kind, kindOf(client)],
    ...(client.client_uri === null ? [] : [[labels.website, outsideLink(client.client_uri)] as const]),
    [words.clients.created, exact(client.created_at)],
    [labels.updated, exact(client.updated_at)],
  ]);
}

function settings(client: Client, etag: string | null, path: string): HTMLElement {
  const place = h('div', {});
  const show = (current: Client, version: string | null) => {
    const save = async (input: ClientInput) => {
      const answer = await send<Client>('PATCH', path, { body: input, etag: version });
      const { value } = answer;
      show(value, answer.etag);
      const heading = document.querySelector('h1');
      if (heading) heading.textContent = value.client_name;
      setTitle(value.client_name);
      announce(labels.saved);
    };
    fill(place, clientForm({ client: current, submit: labels.save, send: save }));
  };
  show(client, etag);
  return place;
}

function acts(client: Client, path: string, reload: () => void): HTMLElement[] {
  const post = (act: string) => async () => {
    await send('POST', `${path}/${act}`, { body: {} });
  };
  const enable = async () => {
    await post('enable')();
    reload();
  };
  const switchOff = actButton({
    ...labels.disable(client.client_name),
    dangerous: true,
    act: post('disable'),
    after: reload,
  });
  return [
    client.disabled_at === null ? switchOff : plainButton(labels.enable, enable, labels.enabled),
    actButton({ ...labels.revoke(client.client_name), dangerous: true, act: post('revoke'), after: reload }),
    actButton({
      ...labels.remove(client.client_name),
      dangerous: true,
      act: async () => {
        await send('DELETE', path);
      },
      after: () => navigate('/admin/clients'),
    }),
  ];
}
