import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createConnection } from 'node:net';
import { startServer, type TestServer } from '../support/server.ts';
import { expectAnswered, expectRefused, FORM, POSTED, READ, send as sendTo, type Answer } from './answers.ts';
import { rawRequest, requestText, statusOf } from './raw-request.ts';
import { stopUnharmed } from './unharmed.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => stopUnharmed(server));

function send(path: string, init?: RequestInit): Promise<Answer> {
  return sendTo(server.issuer, path, init);
}

test('two readings of one request are refused: nothing can be smuggled behind it', async () => {
  const smuggled = requestText('GET', '/health');
  const ambiguous = [
    requestText('POST', '/oauth/token', ['Transfer-Encoding: chunked', 'Content-Length: 4'], '0\r\n\r\n'),
    requestText('POST', '/oauth/token', ['Content-Length: 0', 'Content-Length: 5'], 'hello'),
    requestText('POST', '/oauth/token', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'),
    requestText('POST', '/oauth/token', ['Transfer-Encoding : chunked'], '0\r\n\r\n'),
    requestText('POST', '/oauth/token', ['Content-Length: +4'], 'body'),
    requestText('GET', '/health', ['X-A: 1\n\tfolded: 2']),
    requestText('GET', '/health', ['NoColon']),
    requestText('GET', '/health', ['X-Nul: a\0b']),
    requestText('GET', '/health', ['X-Cr: a\rb']),
    requestText('GET', '/a b'),
    requestText('GET', '/health', [`X-Long: ${'x'.repeat(20_000)}`]),
    'GET /health HTTP/9.9\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'POST /oauth/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n',
  ];
  for (const sent of ambiguous) {
    const answer = await rawRequest(server.port, sent, smuggled);
    expect({ sent, status: statusOf(answer), answers: answer.split('HTTP/1.1 ').length - 1 }).toEqual({
      sent,
      status: statusOf(answer) === 431 ? 431 : 400,
      answers: 1,
    });
  }
});

test('a request that is broken off harms nobody', async () => {
  for (const path of POSTED) {
    const socket = createConnection(server.port, '127.0.0.1');
    const head = requestText('POST', path, [`Content-Type: ${FORM}`, 'Content-Length: 100']);
    await new Promise<void>((resolve) => socket.write(`${head}grant_type=`, () => resolve()));
    socket.destroy();
  }
  expectAnswered(await send('/health'), 'health');
});

test('odd addresses in the request line reach nothing but our own pages', async () => {
  const odd = [
    'http://evil.example/oauth/authorize?client_id=x',
    '//evil.example/account',
    '/oauth//token',
    '/./oauth/../account',
    '/account;x=1',
    '/%61ccount',
    '/account%2f..%2f..%2fetc/passwd',
    '/..%2f..%2f..%2fetc%2fpasswd',
    '/assets/../package.json',
    '/assets/%2e%2e/package.json',
    '*',
    '/?',
    `/${'a/'.repeat(3000)}`,
  ];
  for (const path of odd) {
    const answer = await rawRequest(server.port, requestText('GET', path, ['Accept: text/html']));
    expect({ path, fault: statusOf(answer) >= 500 || statusOf(answer) === 0 }).toEqual({
      path,
      fault: false,
    });
    expect(answer).not.toMatch(/root:|"dependencies"|Location: (?:https?:)?\/\//i);
  }
});

test('an address answers the methods it has and refuses the others', async () => {
  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'REPORT', 'HEAD']) {
    for (const path of [...new Set([...POSTED, ...READ])]) {
      const answer = await send(path, { method });
      expectAnswered(answer, `${method} ${path}`);
      if (!['HEAD', 'OPTIONS'].includes(method)) expectRefused(answer, `${method} ${path}`);
    }
  }
  for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/revoke', '/clients/register']) {
    expectRefused(await send(`${path}?grant_type=client_credentials`), `GET ${path}`);
  }
  const trace = await rawRequest(
    server.port,
    requestText('TRACE', '/oauth/token', ['Authorization: Basic c2VjcmV0']),
  );
  expect(statusOf(trace)).toBe(405);
  expect(trace).not.toContain('c2VjcmV0');
});

test('what Node refuses before the application sees it ends nothing', async () => {
  const refused: readonly (readonly [string, string])[] = [
    ['GET /health HTTP/1.1\r\nConnection: close\r\n\r\n', '400'],
    [requestText('GET', '/health', ['Expect: nothing', 'Connection: close']), '417'],
    [
      requestText('POST', '/oauth/token', ['Expect: nothing', 'Connection: close', 'Content-Length: 0']),
      '417',
    ],
  ];
  for (const [sent, status] of refused) {
    const answer = await rawRequest(server.port, sent, requestText('GET', '/health'));
    expect({ sent, status: String(statusOf(answer)) }).toEqual({ sent, status });
    expect(answer).not.toMatch(/^0: /m);
  }
  expect((await send('/health')).status).toBe(200);
});
