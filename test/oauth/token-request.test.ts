import { expect, test } from '@jest/globals';
import { InvalidRequest, InvalidScope, UnsupportedGrantType } from '../../src/oauth/errors.ts';
import { parseParameters } from '../../src/oauth/parameters.ts';
import { hashSecret } from '../../src/oauth/secret.ts';
import { parseTokenRequest } from '../../src/oauth/token-request.ts';

const parse = (text: string) => parseTokenRequest(parseParameters(text));

test('a code is known by its hash from here on', () => {
  const request = parse(
    'grant_type=authorization_code&code=secret-code&redirect_uri=x:y&code_verifier=v&z=1',
  );
  expect(request).toEqual({
    grantType: 'authorization_code',
    codeHash: hashSecret('secret-code'),
    redirectUri: 'x:y',
    codeVerifier: 'v',
  });
  expect(JSON.stringify(request)).not.toContain('secret-code');
  expect(parse('grant_type=authorization_code&code=c')).toEqual({
    grantType: 'authorization_code',
    codeHash: hashSecret('c'),
    redirectUri: undefined,
    codeVerifier: undefined,
  });
});

test.each([
  ['refresh_token=r', { refreshToken: 'r', scope: undefined }],
  ['refresh_token=r&scope=', { refreshToken: 'r', scope: undefined }],
  ['refresh_token=r&scope=a+b+a', { refreshToken: 'r', scope: ['a', 'b'] }],
])('a refresh with %s', (text, expected) => {
  expect(parse(`grant_type=refresh_token&${text}`)).toEqual({ grantType: 'refresh_token', ...expected });
});

test.each([
  ['x=1', undefined],
  ['scope=a', ['a']],
  ['scope=b+a', ['b', 'a']],
])('client credentials with %s', (text, scope) => {
  expect(parse(`grant_type=client_credentials&${text}`)).toEqual({ grantType: 'client_credentials', scope });
});

test.each([
  ['', InvalidRequest],
  ['grant_type=', InvalidRequest],
  ['code=c', InvalidRequest],
  ['grant_type=authorization_code', InvalidRequest],
  ['grant_type=authorization_code&code=', InvalidRequest],
  ['grant_type=authorization_code&refresh_token=r', InvalidRequest],
  ['grant_type=refresh_token', InvalidRequest],
  ['grant_type=refresh_token&code=c', InvalidRequest],
  ['grant_type=refresh_token&refresh_token=r&scope=a%22b', InvalidScope],
  ['grant_type=refresh_token&refresh_token=r&scope=+', InvalidScope],
  ['grant_type=client_credentials&scope=a%5Cb', InvalidScope],
  ['grant_type=client_credentials&scope=+', InvalidScope],
  ['grant_type=password&username=u&password=p', UnsupportedGrantType],
  ['grant_type=implicit', UnsupportedGrantType],
  ['grant_type=Authorization_Code&code=c', UnsupportedGrantType],
  ['grant_type=client_credentials+', UnsupportedGrantType],
  ['grant_type=toString', UnsupportedGrantType],
  ['grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=d', UnsupportedGrantType],
])('%j is refused, and its answer repeats nothing of it', (text, error) => {
  expect(() => parse(text)).toThrow(error);
  expect(() => parse(text)).toThrow(/^(?:The|A) [a-z _]+$/);
});
