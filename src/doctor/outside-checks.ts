import type { IncomingHttpHeaders } from 'node:http';
import { request as requestByTls } from 'node:https';
import { text } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import type { Config } from '../config.ts';
import { request as requestPlainly } from '../node-http.ts';
import { failed, ok, skipped, warning, type Finding } from './finding.ts';
import type { Questions } from './examine.ts';

const TIMEOUT_MS = 10_000;
const LEAST_CERTIFICATE_DAYS = 14;
const DAY_MS = 86_400_000;

/** A Date header has whole seconds, and the answer took its time. */
const CLOCK_WARNING_MS = 5000;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** When the certificate that it came with expires. */
  readonly certificateUntil: Date | undefined;
}

/** Asks the server as clients do, by way of whatever stands before it. Sends nothing but two GETs. */
export async function checkFromOutside(
  config: Config,
  { url, nowMs }: Questions,
): Promise<readonly Finding[]> {
  if (url === undefined)
    return [skipped('outside', 'not asked for: --url has the server asked as clients do')];
  const base = url === 'issuer' ? new URL(config.issuer) : url;
  let discovery: Answer;
  try {
    discovery = await get(new URL('/.well-known/openid-configuration', base));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const advice =
      'Look at name, proxy and certificate, in this order; a CA of your own is made known by NODE_EXTRA_CA_CERTS.';
    return [failed('outside', `${base.origin} does not answer (${code ?? message})`, advice)];
  }
  const now = new Date(nowMs());
  return [
    checkDiscovery(discovery, base, config.issuer),
    checkCertificate(discovery, now),
    checkStrictTransport(discovery, base),
    checkDate(discovery, now),
    await checkMetricsHidden(base),
  ];
}

function checkDiscovery({ status, body }: Answer, base: URL, issuer: string): Finding {
  const check = 'outside';
  if (status !== 200)
    return failed(
      check,
      `${base.origin} answers the discovery document with ${status}`,
      'Have the proxy send everything on as it is, and look at /ready.',
    );
  const told = issuerIn(body);
  if (told === issuer) return ok(check, `${base.origin} answers, as ${issuer}`);
  return failed(
    check,
    `${base.origin} answers as ${told === undefined ? 'no issuer' : JSON.stringify(told)}, not as ${issuer}`,
    'Another server answers there, or one with another OAUTH2_ISSUER; clients compare it to the letter.',
  );
}

function issuerIn(body: string): string | undefined {
  try {
    const { issuer } = JSON.parse(body) as { issuer?: unknown };
    return typeof issuer === 'string' ? issuer : undefined;
  } catch {
    return undefined;
  }
}

function checkCertificate({ certificateUntil }: Answer, now: Date): Finding {
  const check = 'outside-certificate';
  if (!certificateUntil) return skipped(check, 'plain http');
  const days = Math.floor((certificateUntil.getTime() - now.getTime()) / DAY_MS);
  const found = `good for another ${days} days`;
  if (days >= LEAST_CERTIFICATE_DAYS) return ok(check, found);
  return failed(check, found, 'Renew it, and find out why that did not happen by itself.');
}

function checkStrictTransport({ headers }: Answer, base: URL): Finding {
  const check = 'outside-hsts';
  if (base.protocol !== 'https:') return skipped(check, 'plain http');
  const header = headers['strict-transport-security'];
  if (header !== undefined) return ok(check, header);
  return warning(
    check,
    'no Strict-Transport-Security',
    'Have the proxy pass that header on: this server sends it when its issuer is https.',
  );
}

function checkDate({ headers: { date } }: Answer, now: Date): Finding {
  const check = 'outside-clock';
  if (date === undefined) return skipped(check, 'the answer has no date');
  const aheadMs = new Date(date).getTime() - now.getTime();
  const found = `the answer's date is ${Math.round(aheadMs / 1000)} s from this machine's`;
  if (Math.abs(aheadMs) <= CLOCK_WARNING_MS) return ok(check, found);
  return warning(check, found, 'Have NTP set the clock there and here.');
}

async function checkMetricsHidden(base: URL): Promise<Finding> {
  const check = 'outside-metrics';
  const answer = await get(new URL('/metrics', base)).catch(() => undefined);
  if (!answer) return skipped(check, 'no answer');
  // A page of the proxy's own is not the figures.
  if (answer.status !== 200 || !answer.body.includes('oauth2_server_'))
    return ok(check, `/metrics answers ${answer.status}`);
  return warning(
    check,
    '/metrics can be read from outside',
    'Set OAUTH2_METRICS_PORT, or have the proxy refuse /metrics.',
  );
}

/** On a connection of its own, so that the certificate is that of the one who answered. Follows no redirect. */
function get(url: URL): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestByTls : requestPlainly;
    const asked = request(url, { agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) });
    asked.once('error', reject);
    asked.once('response', (response) => {
      const { socket } = response;
      const until = socket instanceof TLSSocket ? socket.getPeerCertificate().valid_to : undefined;
      text(response).then((body) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body,
          certificateUntil: until === undefined ? undefined : new Date(until),
        });
      }, reject);
    });
    asked.end();
  });
}
