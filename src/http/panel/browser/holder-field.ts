import { read } from './api.ts';
import type { Client, List, User } from './api-types.ts';
import { fill, h, newId } from './dom.ts';
import { words } from './words.ts';

const PAUSE_MS = 200;
const OFFERED = 20;

export interface HolderField {
  readonly element: HTMLElement;
  readonly value: () => string;
}

interface Offer {
  readonly id: string;
  readonly name: string;
}

/** A field for a client's id that offers clients by their names. */
export function clientField(label: string, value: string, changed: () => void): HolderField {
  return holderField(label, value, changed, async (search) => {
    const { items } = await read<List<Client>>('/clients', { query: { search, limit: OFFERED } });
    return items.map((client) => ({ id: client.client_id, name: client.client_name }));
  });
}

/** A field for a user's id that offers users by their names. */
export function userField(label: string, value: string, changed: () => void): HolderField {
  return holderField(label, value, changed, async (search) => {
    const { items } = await read<List<User>>('/users', { query: { search, limit: OFFERED } });
    return items.map((user) => ({ id: user.user_id, name: user.username }));
  });
}

function holderField(
  label: string,
  value: string,
  changed: () => void,
  offer: (search: string) => Promise<readonly Offer[]>,
): HolderField {
  const id = newId('holder');
  const offers = h('datalist', { id: newId('offers') });
  const input = h('input', {
    id,
    type: 'search',
    placeholder: words.holder,
    value,
    list: offers.id,
    autocomplete: 'off',
    spellcheck: 'false',
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = value;
  const settle = () => {
    clearTimeout(timer);
    // A name that is known stands for its id.
    const named = [...offers.options].find((option) => option.label === input.value);
    if (named) input.value = named.value;
    if (input.value.trim() === last) return;
    last = input.value.trim();
    changed();
  };
  const offerFor = async (search: string) => {
    const found = await offer(search);
    fill(
      offers,
      found.map((one) => h('option', { value: one.id, label: one.name })),
    );
  };
  input.addEventListener('input', () => {
    clearTimeout(timer);
    const isChosen = [...offers.options].some((option) => option.value === input.value);
    if (isChosen || input.value === '') settle();
    // Offers are a convenience: an id may be typed without them.
    else timer = setTimeout(() => void offerFor(input.value.trim()).catch(() => undefined), PAUSE_MS);
  });
  input.addEventListener('change', settle);
  const element = h('div', { class: 'field' }, h('label', { for: id }, label), input, offers);
  return { element, value: () => input.value.trim() };
}
