// What an installed server must answer, asked over HTTP.

/**
 * Registers a client, where everybody may.
 * @param {string} issuer
 * @returns {Promise<{ client_id: string, client_secret: string }>}
 */
export async function registerClient(issuer) {
  const metadata = { client_name: 'Proof', grant_types: ['client_credentials'], scope: 'read' };
  const answer = await fetch(`${issuer}/clients/register`, {
    method: 'POST',
    body: JSON.stringify(metadata),
    headers: { 'content-type': 'application/json' },
  });
  return bodyOf(answer, 201);
}

/**
 * Gets a token and has it introspected.
 * @param {string} issuer
 * @param {{ client_id: string, client_secret: string }} client
 */
export async function checkToken(issuer, { client_id, client_secret }) {
  const post = (path, fields) =>
    fetch(issuer + path, {
      method: 'POST',
      body: new URLSearchParams({ client_id, client_secret, ...fields }),
    });
  const token = await bodyOf(await post('/oauth/token', { grant_type: 'client_credentials' }), 200);
  const { active, iss } = await bodyOf(await post('/oauth/introspect', { token: token.access_token }), 200);
  insist(active === true && iss === issuer, `the token of ${iss} is ${active ? '' : 'not '}active`);
}

/**
 * Asks for what is read from files when somebody wants it: pages, styles, scripts, another package's bundle.
 * @param {string} issuer
 * @param {{ username: string, password: string, version: string }} expected
 * @returns {Promise<number>} how many styles and scripts the pages have
 */
export async function checkPages(issuer, { version, ...admin }) {
  const cookie = await signIn(issuer, admin);
  const found = [];
  for (const path of ['/auth/login', '/admin', '/swagger-ui']) {
    const page = await textOf(issuer, path, cookie);
    const assets = [...page.matchAll(/(?:src|href)="([^"#]+\.(?:js|css)[^"]*)"/g)].map(
      ([, target]) => target,
    );
    insist(assets.length > 0, `${path} names neither style nor script`);
    found.push(...assets.map((target) => new URL(target, issuer + path).pathname));
  }
  for (const path of new Set(found)) await textOf(issuer, path, cookie);
  const { info } = JSON.parse(await textOf(issuer, '/api-docs/openapi.json', cookie));
  insist(info.version === version, `the OpenAPI document is of version ${info.version}`);
  return new Set(found).size;
}

async function signIn(issuer, admin) {
  const page = await fetch(`${issuer}/auth/login`);
  const fields = [...(await page.text()).matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  insist(fields.length > 0, 'the login page has no hidden field against forgery');
  const form = { ...Object.fromEntries(fields.map(([, name, value]) => [name, value])), ...admin };
  const answer = await fetch(`${issuer}/auth/login`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: { cookie: cookiesOf(page), origin: issuer },
    redirect: 'manual',
  });
  insist([302, 303].includes(answer.status), `signing in was answered with ${answer.status}`);
  return cookiesOf(answer);
}

async function textOf(issuer, path, cookie) {
  const response = await fetch(issuer + path, { headers: { cookie }, redirect: 'manual' });
  insist(response.status === 200, `${path} was answered with ${response.status}`);
  return response.text();
}

async function bodyOf(response, status) {
  const text = await response.text();
  insist(
    response.status === status,
    `${new URL(response.url).pathname} answered ${response.status}: ${text}`,
  );
  return JSON.parse(text);
}

function cookiesOf(response) {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

function insist(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}
