import { queryOf } from './api.ts';
import { fill, h } from './dom.ts';
import { grantsList, tokensList, type Holder } from './grants-and-tokens.ts';
import { clientField, userField } from './holder-field.ts';
import { card, pageHead } from './page-head.ts';
import { noteQuery, type Visit } from './router.ts';
import { words } from './words.ts';

const labels = words.tokens;

/** Grants of all, and grants and tokens of one client or user. */
export function tokensView({ query, signal }: Visit): HTMLElement {
  const results = h('div', { class: 'stack' });
  const update = () => {
    const holder: Holder = {
      ...(client.value() !== '' && { client_id: client.value() }),
      ...(user.value() !== '' && { user_id: user.value() }),
    };
    noteQuery(queryOf({ ...holder }));
    // The API lists the tokens of a client or of a user, not of both.
    const isOne = Object.keys(holder).length === 1;
    fill(
      results,
      card(words.grants.title, grantsList(holder, signal)),
      card(labels.title, isOne ? tokensList(holder, signal) : h('p', { class: 'empty' }, labels.choose)),
    );
  };
  const client = clientField(labels.client, query.get('client_id') ?? '', update);
  const user = userField(labels.user, query.get('user_id') ?? '', update);
  update();
  return h(
    'div',
    {},
    pageHead(labels.pageTitle),
    h('div', { class: 'filters' }, client.element, user.element),
    results,
  );
}
