import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { callerOf } from '../../middleware/request-context.ts';
import { InvalidRequest, NotFound, OAuthError, PreconditionRequired } from '../../oauth/errors.ts';
import { UnprocessableContent, type FieldProblem } from '../../oauth/errors.ts';
import { asRefusal, logBug } from '../error-edge.ts';
import { ADMIN_API } from '../metadata.ts';
import { readJson, readQuery } from '../read-body.ts';
import { publicError, sendJson } from '../respond.ts';
import { admit, ADMIN_READ_SCOPE, ADMIN_SCOPE, type AccessParts } from './access.ts';
import { entityTag, isReadOnly, versionsInIfMatch } from './operation.ts';
import type { Answer, Operation, OperationTools } from './operation.ts';
import { adminOperations } from './operations.ts';
import { PROBLEM_TYPE, problemBody, sendProblem } from './problem.ts';
import { sendLines } from './send-lines.ts';

/** The admin API: a router that answers everything below its address. */
export function adminRouter(parts: AccessParts & OperationTools, logger: Logger): Router {
  const router = express.Router({ strict: true, caseSensitive: true });
  const operations = adminOperations();
  const paths = new Set(operations.map(({ path }) => path));
  for (const operation of operations) {
    router[operation.method](ADMIN_API + operation.path, adminRoute(operation, parts, logger));
  }
  for (const path of paths) {
    const methods = operations.filter((operation) => operation.path === path).map(({ method }) => method);
    router.all(ADMIN_API + path, wrongMethod(methods));
  }
  router.use((_request: Request, response: Response) => {
    sendProblem(response, new NotFound('There is nothing at this address'), ADMIN_SCOPE);
  });
  router.use((thrown: unknown, _request: Request, response: Response, next: NextFunction) => {
    const error = asRefusal(thrown);
    if (error instanceof InvalidRequest && !response.headersSent) sendProblem(response, error, ADMIN_SCOPE);
    else next(thrown);
  });
  return router;
}

function adminRoute(operation: Operation, parts: AccessParts & OperationTools, logger: Logger) {
  const readOnly = isReadOnly(operation);
  const scope = readOnly ? ADMIN_READ_SCOPE : ADMIN_SCOPE;
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    try {
      await admit(parts, request, response, readOnly);
      const asked = await parse(operation, request);
      const { actors, now, randomBytes, readiness } = parts;
      const answer = await operation.handle({
        ...asked,
        actors,
        now,
        randomBytes,
        readiness,
        caller: callerOf(response),
      });
      if (operation.success.contentType === 'application/x-ndjson') await sendLines(response, answer.body);
      else send(response, operation, answer);
    } catch (error) {
      if (response.headersSent) {
        next(error);
        return;
      }
      if (!(error instanceof OAuthError)) logBug(logger, response, error);
      sendProblem(response, publicError(error), scope);
    }
  };
}

/** Answers a known address with the wrong method. */
function wrongMethod(methods: readonly string[]) {
  const names = methods.map((method) => method.toUpperCase());
  const allow = [...names, ...(names.includes('GET') ? ['HEAD'] : [])].join(', ');
  return (_request: Request, response: Response): void => {
    const body = problemBody(405, 'invalid_request', `This address answers ${allow}`);
    sendJson(response, 405, body, { allow, 'content-type': PROBLEM_TYPE });
  };
}

/** Reads what the request says against the operation's schemas. */
async function parse({ params, query, body, conditional }: Operation, request: Request) {
  // What no id looks like names nothing.
  const named = params?.safeParse(request.params);
  if (named && !named.success) throw new NotFound('There is no such thing');
  const asked = query?.safeParse(Object.fromEntries(readQuery(request)));
  if (asked && !asked.success) throw new InvalidRequest(`The query is not valid: ${describe(asked.error)}`);
  if (conditional === 'required' && request.headers['if-match'] === undefined) {
    throw new PreconditionRequired('Say by If-Match which version you change: the ETag that you read, or *');
  }
  return {
    params: named?.data,
    query: asked?.data,
    body: body && (await parseBody(body, request)),
    ifMatch: conditional ? versionsInIfMatch(request) : null,
  };
}

async function parseBody(schema: z.ZodType, request: Request): Promise<unknown> {
  const parsed = schema.safeParse(await readJson(request));
  if (parsed.success) return parsed.data;
  throw new UnprocessableContent(fieldProblems(parsed.error));
}

/** The issues of a schema, each at the field that a person would look at. */
function fieldProblems(error: z.ZodError): readonly FieldProblem[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          field: [...issue.path, key].join('.').slice(0, 100),
          message: 'There is no such field',
        }))
      : [{ field: issue.path.join('.'), message: issue.message }],
  );
}

function describe(error: z.ZodError): string {
  return fieldProblems(error)
    .map(({ field, message }) => `${field}: ${message}`)
    .join('; ');
}

function send(
  response: Response,
  { success }: Operation,
  { body, version, location }: Answer<unknown>,
): void {
  const headers = {
    ...(version !== undefined && { etag: entityTag(version) }),
    ...(location !== undefined && { location }),
  };
  if (success.status !== 204) {
    sendJson(response, success.status, body as object, headers);
    return;
  }
  response.writeHead(204, { 'cache-control': 'no-store', ...headers });
  response.end();
}
