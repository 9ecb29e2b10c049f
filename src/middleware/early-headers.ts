import type { Express, Response } from 'express';
import { ServerResponse } from '../node-http.ts';

/**
 * Notes a header that is known before the answer is. Node keeps headers that are set one by one in a map, and copies and checks
 * them once more when the head is written; a list that is sent in one go costs a fraction of that.
 */
export function addHeader(response: Response, name: string, value: string): void {
  noted(response).push(name, value);
}

interface HeadWriter {
  readonly writeHead: (this: Response, status: number, ...rest: readonly unknown[]) => Response;
}

const { writeHead } = ServerResponse.prototype as unknown as HeadWriter;

/** Makes the heads of an application's responses, whoever writes them, begin with what addHeader noted. */
export function sendNotedHeaders(app: Express): void {
  app.response.writeHead = function (this: Partial<Response>, status: number, ...rest: unknown[]) {
    // What Node itself refuses (no Host, another Expect than 100-continue) never came to the application.
    const headers = this.locals?.headers as string[] | undefined;
    if (headers === undefined) return writeHead.call(this as Response, status, ...rest);
    const reason = typeof rest[0] === 'string' ? [rest.shift() as string] : [];
    const [given] = rest as [Readonly<Record<string, string>> | readonly string[] | undefined];
    if (Array.isArray(given)) headers.push(...(given as readonly string[]));
    else addEach(headers, given as Readonly<Record<string, string>> | undefined);
    return writeHead.call(this as Response, status, ...reason, headers);
  } as Response['writeHead'];
}

/** With each answer, so without the pairs that Object.entries would make. */
function addEach(headers: string[], given: Readonly<Record<string, string>> | undefined): void {
  for (const name in given) headers.push(name, given[name] ?? '');
}

function noted(response: Response): string[] {
  const { locals } = response;
  return (locals.headers ??= []) as string[];
}
