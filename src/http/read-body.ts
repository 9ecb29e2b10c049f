import type { Request } from 'express';
import { InvalidRequest } from '../oauth/errors.ts';
import { parseParameters, type Parameters } from '../oauth/parameters.ts';

const MAX_BYTES = 64 * 1024;
const FORM = 'application/x-www-form-urlencoded';

/** Reads a form body. Throws InvalidRequest if it is of another type, too large, or repeats a parameter. */
export async function readForm(request: Request): Promise<Parameters> {
  if (!isForm(request)) throw new InvalidRequest(`The body must be ${FORM}`);
  return parseParameters(await readText(request));
}

/** Whether the body says that it is a form. */
export function isForm(request: Request): boolean {
  return mediaType(request) === FORM;
}

/** Reads a JSON body. Throws InvalidRequest if it is of another type, too large, or not JSON. */
export async function readJson(request: Request): Promise<unknown> {
  if (mediaType(request) !== 'application/json')
    throw new InvalidRequest('The body must be application/json');
  try {
    return JSON.parse(await readText(request)) as unknown;
  } catch (cause) {
    throw cause instanceof InvalidRequest ? cause : new InvalidRequest('The body is not valid JSON');
  }
}

/** The parameters in the URL's query. Throws InvalidRequest if one is repeated. */
export function readQuery(request: Request): Parameters {
  const start = request.url.indexOf('?');
  return parseParameters(start < 0 ? '' : request.url.slice(start + 1));
}

function mediaType(request: Request): string {
  const given = request.headers['content-type'] ?? '';
  if (given === FORM) return FORM;
  const [type = ''] = given.split(';', 1);
  return type.trim().toLowerCase();
}

/** A caller that goes away is no fault of ours and must not fill the log with errors. */
function readText(request: Request): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onAbort = () => {
      // Every request closes in the end; an error, and its stack, is made only for one that broke off.
      if (!request.complete) reject(new InvalidRequest('The request was aborted'));
    };
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BYTES) {
        // What is left flows on unread, so that the answer can still be sent.
        chunks.length = 0;
        reject(new InvalidRequest('The body is too large'));
      } else chunks.push(chunk);
    });
    request.on('end', () => {
      const [only] = chunks;
      resolve((chunks.length === 1 && only ? only : Buffer.concat(chunks)).toString());
    });
    // Follows an error too, which Node emits only where somebody listens.
    request.on('close', onAbort);
  });
}
