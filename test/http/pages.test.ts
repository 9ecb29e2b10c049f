import { expect, test } from '@jest/globals';
import { disconnectPage } from '../../src/http/pages/account-apps.ts';
import { accountPage, type AccountView } from '../../src/http/pages/account-page.ts';
import { endAllPage } from '../../src/http/pages/account-sessions.ts';
import { consentPage } from '../../src/http/pages/consent-page.ts';
import { deviceWords } from '../../src/http/pages/device-words.ts';
import { errorPage } from '../../src/http/pages/error-page.ts';
import { html, render } from '../../src/http/pages/html.ts';
import { loggedOutPage, logoutPage } from '../../src/http/pages/logout-page.ts';
import { loginPage } from '../../src/http/pages/login-page.ts';
import { stylesheet } from '../../src/http/pages/stylesheet.ts';
import { scopeWords } from '../../src/http/pages/text.ts';

type Tag = { readonly name: string; readonly attributes: ReadonlyMap<string, string> };

/** Each page as a function of the one value that fills all its holes. */
const pages: Readonly<Record<string, (value: string) => string>> = {
  login: (value) => loginPage({ clientName: value, username: value, csrfToken: value, returnTo: value }),
  'login, failed': (value) => loginPage({ username: value, failure: 'It did not work.', csrfToken: value }),
  consent: (value) => consentPage(consentView(value)),
  error: (value) => errorPage({ title: value, message: value, hint: value, requestId: value, code: value }),
  account: (value) => accountPage(accountView(value)),
  'account, with a mistake in every field': (value) =>
    accountPage(accountView(value, { mistakes: { current: value, new: value, again: value } })),
  'account, of somebody with nothing': (value) =>
    accountPage({ username: value, isAdmin: false, csrfToken: value, apps: [], sessions: [] }),
  disconnect: (value) => disconnectPage({ app: accountView(value).apps[0]!, csrfToken: value }),
  'sign out everywhere': (value) => endAllPage({ csrfToken: value }),
  logout: (value) => logoutPage({ username: value, csrfToken: value }),
  'logged out': () => loggedOutPage(),
};

const hostile = [
  '"><script>alert(1)</script>',
  "' onmouseover='alert(1)",
  '" style="color:red" onfocus="alert(1)',
  '</title></main><style>*{display:none}</style>',
  '<!-- & -->&lt;b&gt;&#34;',
  'two\nlines\r\n"and" <b>a tab</b>\t',
  '`${alert(1)}` ]]> \u2028',
];

function consentView(value: string) {
  return {
    clientName: value,
    clientUri: value,
    username: value,
    scopes: ['openid', value],
    redirectTarget: value,
    csrfToken: value,
    parameters: [[value, value]] as const,
  };
}

const AT = new Date('2031-03-05T09:07:30.457Z');

function accountView(value: string, overrides: Partial<AccountView> = {}): AccountView {
  const app = { clientId: value, clientName: value, scopes: ['openid', value], since: AT, lastUsedAt: AT };
  const session = {
    sessionId: value,
    userAgent: value,
    remoteAddress: value,
    authenticatedAt: AT,
    lastSeenAt: AT,
    isThis: false,
  };
  return {
    username: value,
    isAdmin: true,
    csrfToken: value,
    notice: value,
    apps: [app, { ...app, clientName: undefined, scopes: [], lastUsedAt: undefined }],
    sessions: [{ ...session, isThis: true }, session, { ...session, userAgent: null, remoteAddress: null }],
    ...overrides,
  };
}

/** Reads a page strictly: whatever is not a well-formed, quoted tag must be text without `<`, `>` or `"`. */
function tags(page: string): readonly Tag[] {
  const found: Tag[] = [];
  const rest = page
    .replace(/^<!doctype html>/, '')
    .replace(
      /<(\/?[a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*\/?>/g,
      (_, name: string, list: string) => {
        const pairs = list.matchAll(/([a-z-]+)(?:="([^"]*)")?/g);
        found.push({
          name,
          attributes: new Map(Array.from(pairs, (pair) => [pair[1] ?? '', pair[2] ?? ''])),
        });
        return '';
      },
    );
  expect(rest).not.toMatch(/[<>"]/);
  return found;
}

function shape(page: string): readonly string[] {
  return tags(page).map(({ name, attributes }) => [name, ...attributes.keys()].join(' '));
}

function unescape(value: string): string {
  const entities: Record<string, string> = {
    '&lt;': '<',
    '&gt;': '>',
    '&quot;': '"',
    '&#39;': "'",
    '&amp;': '&',
  };
  return value.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => entities[entity] ?? entity);
}

/** The form of a page: where it goes and what it sends, button names included. */
function form(page: string) {
  const all = tags(page);
  const forms = all.filter(({ name }) => name === 'form');
  expect(forms).toHaveLength(1);
  const fields = all
    .filter(({ name, attributes }) => (name === 'input' || name === 'button') && attributes.has('name'))
    .map(({ attributes }) => [
      unescape(attributes.get('name') ?? ''),
      unescape(attributes.get('value') ?? ''),
    ]);
  return { method: forms[0]?.attributes.get('method'), action: forms[0]?.attributes.get('action'), fields };
}

for (const [title, page] of Object.entries(pages)) {
  test(`${title}: a hostile value changes no tag and no attribute`, () => {
    const expected = shape(page('plain'));
    for (const value of hostile) expect(shape(page(value))).toEqual(expected);
  });

  test(`${title}: no script, style or event attribute, as the content security policy demands`, () => {
    for (const value of ['plain', ...hostile]) {
      for (const tag of tags(page(value))) {
        expect(['script', 'style', 'img', 'iframe', 'object', 'base']).not.toContain(tag.name);
        for (const attribute of tag.attributes.keys()) expect(attribute).not.toMatch(/^(style|on.*)$/);
      }
    }
  });

  test(`${title}: a whole document with a language, a title, one heading and one main landmark`, () => {
    const source = page('plain');
    const names = tags(source).map(({ name }) => name);
    expect(source.startsWith('<!doctype html>')).toBe(true);
    expect(source).toMatch(/<html lang="en">/);
    expect(source).toMatch(/<title>[^<]+ · Stagedoor<\/title>/);
    expect(source).toContain('<link rel="stylesheet" href="/assets/stagedoor.css" />');
    for (const once of ['h1', 'main', 'footer'])
      expect(names.filter((name) => name === once)).toHaveLength(1);
    expect(source).not.toMatch(/undefined|null|\[object/);
  });

  test(`${title}: every class has a rule and every id is unique`, () => {
    const all = tags(page('plain'));
    const ids = all.flatMap(({ attributes }) => attributes.get('id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const classes = all.flatMap(({ attributes }) => attributes.get('class')?.split(' ') ?? []);
    for (const one of classes) expect(stylesheet).toContain(`.${one} `);
  });
}

test('login sends the four fields to /auth/login', () => {
  for (const value of ['plain', ...hostile]) {
    const page = loginPage({ username: value, csrfToken: value, returnTo: value });
    expect(form(page)).toEqual({
      method: 'post',
      action: '/auth/login',
      fields: [
        ['csrf_token', value],
        ['return_to', value],
        ['username', value],
        ['password', ''],
      ],
    });
  }
});

test('login helps password managers, labels its fields and never echoes a password', () => {
  const inputs = tags(loginPage({ failure: 'It did not work.', csrfToken: 'c' })).filter(
    ({ name }) => name === 'input',
  );
  const byName = new Map(inputs.map(({ attributes }) => [attributes.get('name'), attributes]));
  expect(byName.get('username')?.get('autocomplete')).toBe('username');
  expect(byName.get('password')?.get('autocomplete')).toBe('current-password');
  expect(byName.get('password')?.get('type')).toBe('password');
  expect(byName.get('password')?.has('value')).toBe(false);
  expect(byName.has('return_to')).toBe(false);
  const labels = tags(loginPage({ csrfToken: 'c' })).filter(({ name }) => name === 'label');
  expect(labels.map(({ attributes }) => attributes.get('for'))).toEqual(['username', 'password']);
});

test('login focuses the first field that is still empty', () => {
  const focused = (username?: string) =>
    tags(loginPage({ username, csrfToken: 'c' }))
      .filter(({ attributes }) => attributes.has('autofocus'))
      .map(({ attributes }) => attributes.get('name'));
  expect(focused()).toEqual(['username']);
  expect(focused('')).toEqual(['username']);
  expect(focused('ada')).toEqual(['password']);
});

test('login names the client only when there is one', () => {
  expect(loginPage({ clientName: 'A & B', csrfToken: 'c' })).toMatch(
    /Sign in to continue to <bdi[^>]*>A &amp; B<\/bdi>/,
  );
  expect(loginPage({ csrfToken: 'c' })).not.toContain('continue to');
});

test('a failed login says one constant sentence, and only when it failed', () => {
  const alert = (username: string) =>
    /role="alert"[^>]*>([^<]*)</.exec(
      loginPage({ username, failure: 'It did not work.', csrfToken: 'c' }),
    )?.[1];
  expect(alert('known')).toBeTruthy();
  expect(alert('known')).toBe(alert('unknown'));
  expect(loginPage({ csrfToken: 'c' })).not.toContain('role="alert"');
});

test('consent carries the authorization request, and each decision has its button', () => {
  for (const value of ['plain', ...hostile]) {
    expect(form(consentPage(consentView(value)))).toEqual({
      method: 'post',
      action: '/oauth/authorize/decision',
      fields: [
        ['csrf_token', value],
        [value, value],
        ['decision', 'allow'],
        ['decision', 'deny'],
      ],
    });
  }
});

test('consent: a request cannot bring its own decision or CSRF token', () => {
  const parameters = [
    ['decision', 'allow'],
    ['csrf_token', 'forged'],
    ['state', 's'],
    ['state', 't'],
  ] as const;
  const page = consentPage({ ...consentView('plain'), parameters });
  expect(form(page).fields).toEqual([
    ['csrf_token', 'plain'],
    ['state', 's'],
    ['state', 't'],
    ['decision', 'allow'],
    ['decision', 'deny'],
  ]);
});

test('consent says who asks, for what, where the person will be sent and who they are', () => {
  const page = consentPage({
    ...consentView('x'),
    clientName: 'Photo Printer',
    clientUri: 'https://photos.example/about?a=1&b=2',
    username: 'ada',
    scopes: ['profile', 'print:photos'],
    redirectTarget: 'cb.photos.example',
  });
  expect(page).toMatch(/<h1>\s*<bdi class="name">Photo Printer<\/bdi> wants to use your account\s*<\/h1>/);
  expect(page).toMatch(/href="https:\/\/photos\.example\/about\?a=1&amp;b=2"[^>]*>photos\.example</);
  expect(page).toContain('see your profile');
  expect(page).toContain('“print:photos”');
  expect(page).toMatch(/class="destination-host">\s*<bdi>cb\.photos\.example/);
  expect(page).toMatch(/Signed in as <bdi class="name">ada/);
  expect(page).toContain('nobody has checked it');
});

test('consent: a vouched-for name is not called unchecked', () => {
  expect(consentPage({ ...consentView('x'), nameVerified: true })).not.toContain('nobody has checked');
});

test('consent links a website only if it is http(s)', () => {
  const links = (clientUri: string) =>
    tags(consentPage({ ...consentView('x'), clientUri })).filter(({ attributes }) => attributes.has('rel'))
      .length;
  const stylesheetLink = 1;
  for (const bad of [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' data:text/html,x',
    'vbscript:x',
    '//x',
    'x',
  ]) {
    expect(links(bad)).toBe(stylesheetLink);
  }
  expect(links('https://photos.example')).toBe(stylesheetLink + 1);
});

test('consent explains a target on this device', () => {
  const page = (redirectTarget: string) => consentPage({ ...consentView('x'), redirectTarget });
  for (const target of ['127.0.0.1:5123', '[::1]:9', 'localhost'])
    expect(page(target)).toContain('program running on');
  expect(page('com.example.app:')).toContain('app installed on');
  for (const target of ['localhost.example', 'photos.example'])
    expect(page(target)).not.toContain('on this device');
});

test('the logout page and the questions of the account page send a CSRF token', () => {
  for (const value of ['plain', ...hostile]) {
    const csrf = ['csrf_token', value];
    expect(form(logoutPage({ username: value, csrfToken: value }))).toEqual({
      method: 'post',
      action: '/auth/logout',
      fields: [csrf],
    });
    expect(form(disconnectPage({ app: accountView(value).apps[0]!, csrfToken: value }))).toEqual({
      method: 'post',
      action: '/account/apps/disconnect',
      fields: [csrf, ['client_id', value]],
    });
    expect(form(endAllPage({ csrfToken: value }))).toEqual({
      method: 'post',
      action: '/account/sessions/end-all',
      fields: [csrf],
    });
  }
});

test('every form of the account that changes something is posted with a CSRF token', () => {
  const page = accountPage(accountView('plain'));
  const forms = [...page.matchAll(/<form[^>]*method="(\w+)" action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)];
  const protectedBy = (content = '') => content.includes('name="csrf_token" value="plain"');
  expect(forms.map(([, method, action, content]) => [method, action, protectedBy(content)])).toEqual([
    ['post', '/auth/logout', true],
    ['get', '/account/apps/disconnect', false],
    ['get', '/account/apps/disconnect', false],
    ['post', '/account/sessions/end', true],
    ['post', '/account/sessions/end', true],
    ['post', '/account/sessions/end-others', true],
    ['get', '/account/sessions/end-all', false],
    ['post', '/account/password', true],
  ]);
});

test('the account says who, what, where and when in words', () => {
  const page = accountPage(accountView('plain', { notice: 'Done.' }));
  expect(page).toMatch(/role="status">\s*Done\./);
  expect(page).toContain('An app that is gone');
  expect(page).toContain('Not in use now');
  expect(page).toContain('<time datetime="2031-03-05T09:07:30.457Z">5 Mar 2031, 09:07 UTC</time>');
  expect(page.match(/This session/g)).toHaveLength(1);
  expect(page).toContain('Unknown device');
  expect(page).toContain('href="/admin"');
  const { sessions } = accountView('plain');
  const alone = accountPage(accountView('plain', { sessions: [sessions[0]!], isAdmin: false }));
  expect(alone).not.toContain('end-others');
  expect(alone).not.toContain('/admin');
});

test('a mistake in the password form is told at its field, and no value is put back', () => {
  const page = accountPage(accountView('plain', { mistakes: { new: 'Too short.' } }));
  const inputs = new Map(
    tags(page)
      .filter(({ name, attributes }) => name === 'input' && attributes.get('type') === 'password')
      .map(({ attributes }) => [attributes.get('name'), attributes]),
  );
  expect([...inputs.keys()]).toEqual(['current_password', 'new_password', 'new_password_again']);
  for (const attributes of inputs.values()) expect(attributes.has('value')).toBe(false);
  expect(inputs.get('new_password')?.get('aria-describedby')).toBe('new_password_hint new_password_mistake');
  expect(inputs.get('new_password')?.get('aria-invalid')).toBe('true');
  expect(page).toMatch(/id="new_password_mistake">\s*Too short\./);
  expect(inputs.get('current_password')?.has('aria-invalid')).toBe(false);
  const focused = [...inputs].filter(([, attributes]) => attributes.has('autofocus')).map(([name]) => name);
  expect(focused).toEqual(['new_password']);
  expect(inputs.get('current_password')?.has('aria-describedby')).toBe(false);
});

test.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'Chrome on Linux',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
    'Safari on Mac',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'Safari on iPhone',
  ],
  [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
    'Samsung Internet on Android',
  ],
  ['Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0', 'Firefox on Linux'],
  ['curl/8.5.0', 'curl/8.5.0'],
  ['Chrome/1 Linux', 'Chrome/1 Linux'],
  ['x'.repeat(300), `${'x'.repeat(80)}…`],
  [null, undefined],
])('a device is named by its user agent: %s', (userAgent, words) => {
  expect(deviceWords(userAgent)).toBe(words);
});

test('error shows what it is given and leaves out what it is not', () => {
  const full = errorPage({ title: 'T', message: 'M', hint: 'H', requestId: 'r-1', code: 'invalid_request' });
  for (const part of ['<h1>T</h1>', 'M', 'H', 'r-1', 'invalid_request']) expect(full).toContain(part);
  const least = errorPage({ title: 'T', message: 'M', requestId: 'r-1' });
  expect(tags(least).filter(({ name }) => name === 'dt')).toHaveLength(1);
});

test('scopeWords has words for the standard scopes and quotes the rest, inherited names included', () => {
  for (const scope of ['openid', 'profile', 'email', 'offline_access'])
    expect(scopeWords(scope)).not.toContain(scope + '”');
  for (const scope of ['read', 'constructor', '__proto__']) expect(scopeWords(scope)).toContain(`“${scope}”`);
});

test('html escapes, joins, leaves out and refuses an unquoted attribute', () => {
  expect(render(html`<p title="${'"'}">${['<', html`<b>${1}</b>`, null, undefined, false, 0]}</p>`)).toBe(
    '<p title="&quot;">&lt;<b>1</b>0</p>',
  );
  expect(render(html`a=${'b'}`)).toBe('a=b');
  expect(() => html`<p title=${'x'}></p>`).toThrow(TypeError);
  expect(String(html`<b></b>`)).not.toContain('<b>');
  // A value that only looks like Html, as from parsed JSON, is not one.
  expect(() => render({ markup: '<b>' } as never)).toThrow(TypeError);
});

test('the stylesheet fetches nothing', () => {
  expect(stylesheet).not.toMatch(/url\(|@import|@font-face|<|expression/i);
});
