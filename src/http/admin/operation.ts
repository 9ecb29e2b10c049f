import type { Request } from 'express';
import type { z } from 'zod';
import type { Actors } from '../../actors/actors.ts';
import type { Caller } from '../../actors/audit/messages.ts';
import type { Readiness } from '../readiness.ts';
import type { Sources } from '../../oauth/sources.ts';

/** What an operation works with, besides what the request says. */
export interface OperationTools {
  readonly actors: Actors;
  readonly now: Sources['now'];
  readonly randomBytes: Sources['randomBytes'];
  readonly readiness: Readiness;
}

/** A request that passed every check: typed, and from somebody who may. */
export interface OperationRequest<Params, Query, Body> extends OperationTools {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The versions that the caller will change; null where any will do. Required where the operation says so. */
  readonly ifMatch: readonly number[] | null;
  readonly caller: Caller;
}

/** What an operation answers. `version` becomes the ETag. */
export interface Answer<Body> {
  readonly body: Body;
  readonly version?: number;
  /** The path of what was created. */
  readonly location?: string;
}

/** The refusals that an operation knows besides those that all have. */
export type Refusal = 404 | 409 | 412 | 422 | 428;

/** The answer of an operation that succeeded. */
export interface Success {
  readonly status: 200 | 201 | 204;
  readonly description: string;
  /** Absent with 204. */
  readonly schema?: z.ZodType;
  /** Default: application/json. With application/x-ndjson the answer is an iteration of lines. */
  readonly contentType?: 'application/x-ndjson';
}

/** One operation of the admin API: what its request is, what it answers, and how. The route and the document are made of it. */
export interface Operation {
  /** A name that is unique among all operations, such as `listClients`. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** Below ADMIN_API, as Express writes it: `/clients/:client_id`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Whether the request must, or may, say by If-Match which version it changes. */
  readonly conditional?: 'required' | 'possible';
  readonly success: Success;
  readonly refusals: readonly Refusal[];
  readonly handle: (request: OperationRequest<unknown, unknown, unknown>) => Promise<Answer<unknown>>;
}

type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

interface Definition<
  Params extends z.ZodObject | undefined,
  Query extends z.ZodObject | undefined,
  Body extends z.ZodType | undefined,
  Result extends z.ZodType | undefined,
> extends Omit<Operation, 'params' | 'query' | 'body' | 'success' | 'handle' | 'refusals'> {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly success: Omit<Success, 'schema'> & { readonly schema?: Result };
  readonly refusals?: readonly Refusal[];
  readonly handle: (
    request: OperationRequest<Output<Params>, Output<Query>, Output<Body>>,
  ) => Promise<Answer<Result extends z.ZodType ? z.input<Result> : undefined>>;
}

/** Defines an operation; the schemas give its handler's types. */
export function operation<
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
  Result extends z.ZodType | undefined = undefined,
>(definition: Definition<Params, Query, Body, Result>): Operation {
  return { refusals: [], ...definition } as unknown as Operation;
}

/** Whether an operation changes nothing, so that the scope `admin:read` is enough for it. */
export function isReadOnly({ method }: Pick<Operation, 'method'>): boolean {
  return method === 'get';
}

/** The ETag of a version (RFC 9110 §8.8.3). */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/**
 * The versions that If-Match names; null for `*` or where there is none. A tag that is weak, or none of ours, matches no version
 * (RFC 9110 §13.1.1).
 */
export function versionsInIfMatch(request: Request): readonly number[] | null {
  const header = request.headers['if-match'];
  if (header === undefined || header.trim() === '*') return null;
  return header.split(',').flatMap((tag) => {
    const version = /^\s*"(\d{1,9})"\s*$/.exec(tag)?.[1];
    return version === undefined ? [] : [Number(version)];
  });
}
