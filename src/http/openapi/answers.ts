import { z } from 'zod';
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import type { ErrorCode } from '../../oauth/errors.ts';
import { ERROR_STATUS } from '../error-status.ts';

/** Answers by status, to be put together with `...`. */
export type Answers = ZodOpenApiResponsesObject;

type Status = `${1 | 2 | 3 | 4 | 5}${string}`;

const sentence = z.string().meta({ description: 'A sentence for a developer' });

/** What a status says of itself in the document. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'The request cannot be served as it is',
  401: 'Nobody is known to have sent it',
  403: 'The sender may not do this',
  404: 'There is no such thing',
  405: 'The address does not answer this method',
  409: 'It contradicts what is there',
  412: 'Somebody else changed it since it was read',
  422: 'Some fields cannot be accepted',
  428: 'If-Match is missing',
  429: 'Too many attempts have failed',
  500: 'A fault of the server, which it has logged',
  503: 'The server is busy or its storage is away',
};

/** What the document says of a status, of our own errors' at least. */
export function reasonOf(status: number): string {
  return REASONS[status] ?? 'An error';
}

const waitingHeaders = z.object({
  'retry-after': z.string().meta({ description: 'Seconds to wait', example: '1' }),
});

const challengeHeaders = z.object({
  'www-authenticate': z
    .string()
    .meta({ description: 'The scheme that would do', example: 'Bearer realm="stagedoor"' }),
});

/** The headers that every answer of ours with a status carries. */
export function headersOf(status: number): Pick<ZodOpenApiResponseObject, 'headers'> {
  if (status === 401) return { headers: challengeHeaders };
  return status === 503 || status === 429 ? { headers: waitingHeaders } : {};
}

/** Errors as JSON (RFC 6749 §5.2), each under the status that the edge gives it. */
export function oauthErrors(...codes: readonly [ErrorCode, ...ErrorCode[]]): Answers {
  const statuses = new Set(codes.map((code) => ERROR_STATUS[code]));
  return byStatus(
    [...statuses].map((status) => {
      const [first, ...others] = codes.filter((code) => ERROR_STATUS[code] === status);
      const error = z.enum(first === undefined ? [] : [first, ...others]);
      const schema = z.object({ error, error_description: sentence });
      return [
        status,
        { description: reasonOf(status), content: { 'application/json': { schema } }, ...headersOf(status) },
      ];
    }),
  );
}

/** What may go wrong wherever an actor is asked. */
export const ASKING = oauthErrors('server_error', 'temporarily_unavailable');

/** A page. The words on it are for people, so the document says nothing of them. */
export function htmlPage(description: string): ZodOpenApiResponseObject {
  return { description, content: { 'text/html': { schema: z.string() } } };
}

/** Errors as pages. */
export function errorPages(...statuses: readonly number[]): Answers {
  return byStatus(
    statuses.map((status) => [status, { ...htmlPage(reasonOf(status)), ...headersOf(status) }]),
  );
}

/** A redirect, which makes the browser go on with GET. */
export function redirection(description: string): Answers {
  const headers = z.object({ location: z.string().meta({ description: 'Where to go on' }) });
  return { '303': { description, headers } };
}

/** The answer to a script's question whether it may ask (Fetch Standard, CORS protocol). */
export const PREFLIGHT: Answers = {
  '204': {
    description: 'Any origin may ask',
    headers: z.object({
      'access-control-allow-origin': z.literal('*'),
      'access-control-allow-methods': z.string(),
      'access-control-allow-headers': z.string(),
    }),
  },
  ...wrongMethod(),
};

/** The answer to a method that an address does not know. */
export function wrongMethod(): Answers {
  const schema = z.object({ error: z.literal('invalid_request'), error_description: sentence });
  return {
    '405': {
      description: reasonOf(405),
      headers: z.object({ allow: z.string().meta({ example: 'GET, POST' }) }),
      content: { 'application/json': { schema } },
    },
  };
}

/** The answer where nothing is: a page for a browser, JSON for a program. */
export const NOTHING_HERE: Answers = {
  '404': {
    description: reasonOf(404),
    content: {
      'application/json': {
        schema: z.object({ error: z.literal('not_found'), error_description: sentence }),
      },
      'text/html': { schema: z.string() },
    },
  },
};

/** JSON of a shape. */
export function json(description: string, schema: z.ZodType): ZodOpenApiResponseObject {
  return { description, content: { 'application/json': { schema } } };
}

/** Answers under their statuses. */
export function byStatus(answers: readonly (readonly [number, ZodOpenApiResponseObject])[]): Answers {
  return Object.fromEntries(answers.map(([status, answer]) => [String(status) as Status, answer]));
}
