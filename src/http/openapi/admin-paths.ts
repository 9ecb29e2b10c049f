import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { ADMIN_API } from '../metadata.ts';
import { isReadOnly, type Operation } from '../admin/operation.ts';
import { problem } from '../admin/problem.ts';
import { byStatus, headersOf, reasonOf, type Answers } from './answers.ts';
import { adminSecurity } from './security.ts';

const entityTag = z.string().meta({ description: 'The version, for If-Match', example: '"3"' });

const ifMatch = z.object({
  'if-match': z
    .string()
    .meta({ description: 'The ETag of the version that is changed, or `*` for any', example: '"3"' }),
});

const location = z.string().meta({ description: 'The path of what was created' });

/** The operations of the admin API as the document has them: all that a route of theirs does follows from the definition. */
export function adminPaths(operations: readonly Operation[]): ZodOpenApiPathsObject {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  // What is changed by version is shown with its version, wherever it is the answer.
  const versioned = new Set(
    operations.flatMap(({ conditional, success }) => (conditional ? success.schema : [])),
  );
  for (const operation of operations) {
    const path = documentedPath(ADMIN_API + operation.path);
    const { schema } = operation.success;
    const isVersioned = schema !== undefined && versioned.has(schema);
    paths[path] = { ...paths[path], [operation.method]: describe(operation, isVersioned) };
  }
  return paths;
}

/** An address as OpenAPI writes it: `/clients/{client_id}` for Express's `/clients/:client_id`, `{path}` for `{*path}`. */
export function documentedPath(route: string): string {
  return route.replaceAll(/:(\w+)|\{\*(\w+)\}/g, '{$1$2}');
}

function describe(operation: Operation, isVersioned: boolean): ZodOpenApiOperationObject {
  const { id, tag, summary, description, params, query, body, conditional } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: adminSecurity(isReadOnly(operation)),
    ...((params ?? query) && {
      requestParams: {
        ...(params && { path: params }),
        ...(query && { query }),
        ...(conditional && { header: conditional === 'required' ? ifMatch : ifMatch.partial() }),
      },
    }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: { [operation.success.status]: success(operation, isVersioned), ...refusals(operation) },
  };
}

function success({ success }: Operation, isVersioned: boolean): ZodOpenApiResponseObject {
  const { status, description, schema, contentType = 'application/json' } = success;
  const headers = {
    ...(status === 201 && { location: location.optional(), etag: entityTag.optional() }),
    ...(isVersioned && status === 200 && { etag: entityTag }),
  };
  return {
    description,
    ...(Object.keys(headers).length > 0 && { headers: z.object(headers) }),
    ...(schema && { content: { [contentType]: { schema } } }),
  };
}

/** What the route refuses before the operation is asked, and what the operation itself refuses. */
function refusals({ params, query, body, conditional, refusals }: Operation): Answers {
  const statuses = new Set<number>([401, 403, 500, 503, ...refusals]);
  if (query || body) statuses.add(400);
  if (params) statuses.add(404);
  if (body) statuses.add(422);
  if (conditional) statuses.add(412);
  if (conditional === 'required') statuses.add(428);
  return byStatus(
    [...statuses].map((status) => [
      status,
      {
        description: reasonOf(status),
        content: { 'application/problem+json': { schema: problem } },
        ...headersOf(status),
      },
    ]),
  );
}
