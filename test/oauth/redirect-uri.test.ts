import { describe, expect, test } from '@jest/globals';
import {
  isRegisteredRedirectUri,
  redirectSource,
  redirectTarget,
  redirectUriProblem,
} from '../../src/oauth/redirect-uri.ts';

describe('redirect URIs that may be registered', () => {
  test.each([
    'https://app.example/callback',
    'https://app.example',
    'https://app.example/',
    'https://app.example:8443/callback',
    'https://app.example/callback?tenant=1&x=a%20b',
    'https://app.example/a.b/..c/d../...',
    'https://sub_domain.app.example/callback',
    'https://xn--bcher-kva.example/callback',
    'https://192.0.2.1/callback',
    'https://[2001:db8::1]/callback',
    'http://127.0.0.1/callback',
    'http://127.0.0.1:3000/callback',
    'http://127.0.0.1:65535',
    'http://127.0.0.1?x=1',
    'http://[::1]/callback',
    'http://[::1]:3000/callback',
    'http://localhost:3000/callback',
    'http://localhost',
    'com.example.app:/callback',
    'com.example.app://callback',
    'com.example-app.x+y:/oauth2redirect',
    `https://app.example/${'a'.repeat(2048 - 20)}`,
  ])('%s', (uri) => {
    expect(redirectUriProblem(uri)).toBeUndefined();
    expect(isRegisteredRedirectUri(uri, [uri])).toBe(true);
  });
});

describe('redirect URIs that may not', () => {
  test.each([
    ['', 'character'],
    ['callback', 'absolute'],
    ['/callback', 'absolute'],
    ['//app.example/callback', 'absolute'],
    ['https://', 'absolute'],
    ['https://app.example:99999/', 'absolute'],
    ['https://app.example:x/', 'absolute'],
    ['https:app.example/callback', 'https://'],
    ['https:/app.example/callback', 'https://'],
    ['https:///app.example/callback', 'https://'],
    [`https://app.example/${'a'.repeat(2048 - 19)}`, 'longer'],
    ['https://app.example/call back', 'space'],
    [' https://app.example/callback', 'space'],
    ['https://app.example/callback\n', 'control'],
    ['https://app.example/call\tback', 'control'],
    ['https://app.example/\0', 'control'],
    ['https://bücher.example/callback', 'ASCII'],
    ['https://app.example/callback#fragment', 'fragment'],
    ['https://app.example/callback#', 'fragment'],
    ['https://*.app.example/callback', 'wildcard'],
    ['https://app.example/*', 'wildcard'],
    ['https://app.example\\@evil.example/', 'backslash'],
    ['https://user@app.example/callback', 'user name'],
    ['https://user:password@app.example/callback', 'user name'],
    ['https://:password@app.example/callback', 'user name'],
    ['com.example.app://user@host/callback', 'user name'],
    ['https://app.example/a/../callback', 'dot segments'],
    ['https://app.example/./callback', 'dot segments'],
    ['https://app.example/callback/..', 'dot segments'],
    ['https://app.example/..?x=1', 'dot segments'],
    ['https://app.example/%2e%2E/callback', 'dot segments'],
    ['https://app.example/.%2e/callback', 'dot segments'],
    ['com.example.app:../callback', 'dot segments'],
    ['com.example.app:/a/../callback', 'dot segments'],
    ["https://app.example;script-src'/callback", 'host'],
    ['https://app.example,evil.example/callback', 'host'],
    ['http://app.example/callback', 'not this machine'],
    ['http://127.0.0.1.evil.example/callback', 'not this machine'],
    ['http://localhost.evil.example/callback', 'not this machine'],
    ['http://127.0.0.2/callback', 'not this machine'],
    ['http://127.1/callback', 'not this machine'],
    ['http://2130706433/callback', 'not this machine'],
    ['http://0.0.0.0/callback', 'not this machine'],
    ['http://[::ffff:127.0.0.1]/callback', 'not this machine'],
    ['http://192.168.0.1/callback', 'not this machine'],
    ['javascript:alert(1)', 'scheme'],
    ['data:text/html,x', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['blob:https://app.example/x', 'scheme'],
    ['about:blank', 'scheme'],
    ['myapp:/callback', 'scheme'],
    ['myapp://callback', 'scheme'],
    ['urn:ietf:wg:oauth:2.0:oob', 'scheme'],
    ['ftp://app.example/callback', 'scheme'],
    ['ws://app.example/callback', 'scheme'],
    ['com..example:/callback', 'scheme'],
    ['com.example.:/callback', 'scheme'],
  ])('%j', (uri, problem) => {
    expect(redirectUriProblem(uri)).toContain(problem);
  });
});

describe('what is presented', () => {
  const registered = ['https://app.example/callback', 'com.example.app:/callback'];

  test.each([
    'https://app.example/callback/',
    'https://app.example/callback?x=1',
    'https://app.example/callback#x',
    'https://app.example/callbac',
    'https://app.example/callbackevil',
    'https://app.example/Callback',
    'https://App.example/callback',
    'HTTPS://app.example/callback',
    'https://app.example:443/callback',
    'https://app.example/%63allback',
    'https://app.example/x/../callback',
    'https://app.example.evil.example/callback',
    'https://evil.example/https://app.example/callback',
    'https://app.example@evil.example/callback',
    'https://evil.example\\@app.example/callback',
    'http://app.example/callback',
    ' https://app.example/callback',
    'https://app.example/callback ',
    'com.example.app:/Callback',
    'com.example.app://callback',
    'com.example.appx:/callback',
    '',
  ])('%j is not the registered one', (presented) => {
    expect(isRegisteredRedirectUri(presented, registered)).toBe(false);
  });

  test('nothing is registered for a client without redirect URIs', () => {
    expect(isRegisteredRedirectUri('https://app.example/callback', [])).toBe(false);
    expect(isRegisteredRedirectUri('http://127.0.0.1/callback', [])).toBe(false);
  });

  test.each([
    ['http://127.0.0.1/callback', 'http://127.0.0.1:51234/callback'],
    ['http://127.0.0.1:3000/callback', 'http://127.0.0.1:51234/callback'],
    ['http://127.0.0.1:3000/callback', 'http://127.0.0.1/callback'],
    ['http://[::1]/callback', 'http://[::1]:51234/callback'],
    ['http://localhost:3000/callback?a=b', 'http://localhost:1/callback?a=b'],
    ['http://127.0.0.1', 'http://127.0.0.1:51234'],
  ])('a loopback address may have any port: registered %s, presented %s', (one, presented) => {
    expect(isRegisteredRedirectUri(presented, [...registered, one])).toBe(true);
  });

  test.each([
    ['http://127.0.0.1/callback', 'http://localhost/callback'],
    ['http://localhost/callback', 'http://127.0.0.1/callback'],
    ['http://127.0.0.1/callback', 'http://[::1]/callback'],
    ['http://127.0.0.1/callback', 'https://127.0.0.1/callback'],
    ['https://127.0.0.1/callback', 'https://127.0.0.1:8443/callback'],
    ['https://app.example/callback', 'https://app.example:8443/callback'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:51234/callback/x'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:51234/callback?x=1'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:51234/Callback'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:51234@evil.example/callback'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:51234\\@evil.example/callback'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1.evil.example/callback'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:99999/callback'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:/callback'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:51234/x/../callback'],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:51234/callback#x'],
    ['http://127.0.0.1/callback', 'http://127.1/callback'],
    ['http://127.0.0.1', 'http://127.0.0.1:51234/'],
  ])('and nothing else: registered %s, presented %s', (one, presented) => {
    expect(isRegisteredRedirectUri(presented, [one])).toBe(false);
  });
});

test.each([
  ['https://app.example:8443/callback?x=1', 'app.example:8443'],
  ['https://app.example/callback', 'app.example'],
  ['http://[::1]:3000/callback', '[::1]:3000'],
  ['com.example.app:/callback', 'com.example.app:'],
])('a person is shown of %s where it leads: %s', (uri, target) => {
  expect(redirectTarget(uri)).toBe(target);
});

test.each([
  'https://app.example/a;b,c',
  'com.example.app:/callback',
  "https://app.example/'",
  'http://[::1]:1/',
])('the policy source of %s is one source, with nothing that ends it', (uri) => {
  expect(redirectSource(uri)).toMatch(/^[a-z0-9.+-]+:(\/\/[^\s;,']+)?$/);
  expect(uri.startsWith(redirectSource(uri))).toBe(true);
});
