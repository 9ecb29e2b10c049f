import { send } from './api.ts';
import type { ClientInput, NewClient } from './api-types.ts';
import { announce } from './announce.ts';
import { clientForm } from './client-form.ts';
import { reveal } from './dialog.ts';
import { h } from './dom.ts';
import { clientAddress } from './links.ts';
import { pageHead } from './page-head.ts';
import { navigate } from './router.ts';
import { words } from './words.ts';

const labels = words.newClient;

/** The form for a new client. Its secret is shown before the client's own page is. */
export function newClientView(): HTMLElement {
  const register = async (input: ClientInput) => {
    const { value } = await send<NewClient>('POST', '/clients', { body: input });
    if (value.client_secret !== null) {
      await reveal({
        title: labels.secretTitle,
        label: labels.secret,
        secret: value.client_secret,
        hint: labels.secretHint,
      });
    }
    navigate(clientAddress(value.client.client_id));
    announce(labels.done(value.client.client_name));
  };
  return h(
    'div',
    { class: 'narrow' },
    pageHead(labels.title),
    h('div', { class: 'card' }, clientForm({ submit: labels.submit, send: register })),
  );
}
