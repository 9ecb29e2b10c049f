// What `helm test` asks of a release: it is ready, it is the issuer that it should be, it has keys, and it gives a token.
const { SERVER, ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env;

const ask = async (path, init) => {
  const response = await fetch(SERVER + path, { ...init, signal: AbortSignal.timeout(10_000) });
  const body = await response.json();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(body)}`);
  return body;
};

await ask('/ready');
const { issuer } = await ask('/.well-known/openid-configuration');
if (issuer !== ISSUER) throw new Error(`the issuer is ${issuer}, not ${ISSUER}`);
const { keys } = await ask('/.well-known/jwks.json');
if (keys.length === 0) throw new Error('there is no key');
console.log(`ready as ${issuer}, with ${keys.length} keys`);

if (CLIENT_ID) {
  const form = { grant_type: 'client_credentials', client_id: CLIENT_ID, client_secret: CLIENT_SECRET };
  const { access_token } = await ask('/oauth/token', { method: 'POST', body: new URLSearchParams(form) });
  const { iss } = JSON.parse(Buffer.from(access_token.split('.')[1], 'base64url').toString());
  if (iss !== ISSUER) throw new Error(`the token names the issuer ${iss}`);
  console.log('the client got a token');
}
