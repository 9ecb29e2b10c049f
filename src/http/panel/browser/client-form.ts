import type {
  AuthMethod,
  Client,
  ClientInput,
  FieldMistake,
  GrantType,
  SigningAlgorithm,
} from './api-types.ts';
import { areaField, checkField, checksField, choiceField, textField } from './fields.ts';
import { form } from './form.ts';
import { linesOf, redirectUriMistakes } from './redirect-uris.ts';
import { words } from './words.ts';

const labels = words.clientForm;

const GRANT_TYPES: readonly (readonly [GrantType, string])[] = [
  ['authorization_code', labels.authorizationCode],
  ['refresh_token', labels.refreshToken],
  ['client_credentials', labels.clientCredentials],
];
const AUTH_METHODS: readonly (readonly [AuthMethod, string])[] = [
  ['client_secret_basic', labels.secretBasic],
  ['client_secret_post', labels.secretPost],
  ['none', labels.noSecret],
];
const ALGORITHMS: readonly (readonly [SigningAlgorithm, string])[] = [
  ['RS256', 'RS256'],
  ['ES256', 'ES256'],
];

const FRESH: ClientInput = {
  client_name: '',
  client_uri: null,
  redirect_uris: [],
  grant_types: ['authorization_code', 'refresh_token'],
  scope: 'openid profile email offline_access',
  token_endpoint_auth_method: 'client_secret_basic',
  id_token_signed_response_alg: 'RS256',
  first_party: false,
  pkce_required: true,
};

export interface ClientFormParts {
  /** Absent for a new one. */
  readonly client?: Client;
  readonly submit: string;
  readonly done?: string;
  readonly send: (input: ClientInput) => Promise<void>;
}

/** The form for a client, new or known. */
export function clientForm({ client, submit, done, send }: ClientFormParts): HTMLFormElement {
  const fields = fieldsFor(client ?? FRESH);
  const read = (): ClientInput => ({
    client_name: fields.name.value().trim(),
    client_uri: fields.website.value().trim() || null,
    redirect_uris: linesOf(fields.redirectUris.value()),
    grant_types: fields.grantTypes.value(),
    scope: fields.scope.value().trim(),
    token_endpoint_auth_method: fields.authMethod.value(),
    id_token_signed_response_alg: fields.algorithm.value(),
    first_party: fields.firstParty.value(),
    pkce_required: fields.pkce.value(),
  });
  return form({
    fields: Object.values(fields),
    submit,
    check: () => mistakesIn(read()),
    send: () => send(read()),
    ...(done !== undefined && { done }),
  });
}

function fieldsFor(client: ClientInput) {
  return {
    name: textField({
      name: 'client_name',
      label: labels.name,
      hint: labels.nameHint,
      value: client.client_name,
      attributes: { required: true, maxlength: 200, autocomplete: 'off' },
    }),
    redirectUris: areaField({
      name: 'redirect_uris',
      label: labels.redirectUris,
      hint: labels.redirectUrisHint,
      value: client.redirect_uris.join('\n'),
      attributes: { spellcheck: 'false', autocapitalize: 'none', class: 'mono' },
      check: (text) => sentences(redirectUriMistakes(linesOf(text))),
    }),
    ...rightsFields(client),
    website: textField({
      name: 'client_uri',
      label: labels.website,
      hint: labels.websiteHint,
      value: client.client_uri,
      attributes: { type: 'url', autocomplete: 'off', spellcheck: 'false' },
      check: (text) => sentences(websiteMistakes(text.trim())),
    }),
    firstParty: checkField({
      name: 'first_party',
      label: labels.firstParty,
      hint: labels.firstPartyHint,
      value: client.first_party,
    }),
    pkce: checkField({
      name: 'pkce_required',
      label: labels.pkce,
      hint: labels.pkceHint,
      value: client.pkce_required,
    }),
  };
}

function rightsFields(client: ClientInput) {
  return {
    grantTypes: checksField({
      name: 'grant_types',
      label: labels.grantTypes,
      value: client.grant_types,
      options: GRANT_TYPES,
    }),
    scope: textField({
      name: 'scope',
      label: labels.scope,
      hint: labels.scopeHint,
      value: client.scope,
      attributes: { spellcheck: 'false', autocapitalize: 'none', autocomplete: 'off', class: 'mono' },
    }),
    authMethod: choiceField({
      name: 'token_endpoint_auth_method',
      label: labels.authMethod,
      hint: labels.authMethodHint,
      value: client.token_endpoint_auth_method,
      options: AUTH_METHODS,
    }),
    algorithm: choiceField({
      name: 'id_token_signed_response_alg',
      label: labels.algorithm,
      value: client.id_token_signed_response_alg,
      options: ALGORITHMS,
    }),
  };
}

function mistakesIn(input: ClientInput): FieldMistake[] {
  const mistakes = [...redirectUriMistakes(input.redirect_uris), ...websiteMistakes(input.client_uri ?? '')];
  const find = (field: string, message: string, isWrong: boolean) => {
    if (isWrong) mistakes.push({ field, message });
  };
  const isPublic = input.token_endpoint_auth_method === 'none';
  const { grant_types: types } = input;
  find('client_name', labels.nameMissing, input.client_name === '');
  find('grant_types', labels.grantTypeMissing, types.length === 0);
  find('grant_types', labels.publicCannot, isPublic && types.includes('client_credentials'));
  const needsUri = types.includes('authorization_code') && input.redirect_uris.length === 0;
  find('redirect_uris', labels.redirectUriMissing, needsUri);
  find('pkce_required', labels.publicNeedsPkce, isPublic && !input.pkce_required);
  return mistakes;
}

function websiteMistakes(text: string): FieldMistake[] {
  const isAddress = URL.canParse(text) && /^https?:\/\//i.test(text);
  return text === '' || isAddress ? [] : [{ field: 'client_uri', message: labels.websiteMistake }];
}

function sentences(mistakes: readonly FieldMistake[]): string | null {
  return mistakes.length > 0 ? mistakes.map(({ message }) => message).join(' ') : null;
}
