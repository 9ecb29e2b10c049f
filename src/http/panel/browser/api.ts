import type { FieldMistake, Problem } from './api-types.ts';
import { words } from './words.ts';

const BASE = '/admin/api';
const TIMEOUT_MS = 20_000;

/** The server answered, and refused. */
export class Refused extends Error {
  readonly status: number;
  readonly mistakes: readonly FieldMistake[];
  readonly requestId: string | null;

  constructor(response: Response, problem: Partial<Problem>) {
    super(problem.detail ?? problem.title ?? words.error.unexpected);
    this.name = 'Refused';
    this.status = response.status;
    this.mistakes = problem.errors ?? [];
    this.requestId = response.headers.get('x-request-id');
  }
}

/** Nobody answered: the network or the server is gone. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super(words.error.unreachable, { cause });
    this.name = 'Unreachable';
  }
}

export type Query = Readonly<Record<string, string | number | null | undefined>>;

export interface Options {
  readonly query?: Query;
  readonly body?: object;
  /** The version that the change is meant for. */
  readonly etag?: string | null;
  readonly signal?: AbortSignal;
}

export interface Answer<Value> {
  readonly value: Value;
  readonly etag: string | null;
}

/** The address of something in the admin API; empty parameters are left out. */
export function apiAddress(path: string, query: Query = {}): string {
  return BASE + path + queryOf(query);
}

/** `?a=b`, or nothing if no parameter has a value. */
export function queryOf(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** Reads something. Throws Refused or Unreachable. */
export async function read<Value>(path: string, options: Options = {}): Promise<Value> {
  return (await send<Value>('GET', path, options)).value;
}

/** Sends a request to the admin API. Throws Refused or Unreachable; a session that has ended leads to the login. */
export async function send<Value>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  { query = {}, body, etag, signal }: Options = {},
): Promise<Answer<Value>> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(apiAddress(path, query), {
    method,
    headers: {
      accept: 'application/json',
      ...(method !== 'GET' && { 'x-csrf-token': csrfToken() }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(typeof etag === 'string' && { 'if-match': etag }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new Unreachable(error);
  });
  if (!response.ok) throw await refusal(response);
  const text = await response.text();
  return {
    value: (text === '' ? undefined : JSON.parse(text)) as Value,
    etag: response.headers.get('etag'),
  };
}

async function refusal(response: Response): Promise<Refused> {
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  if (response.status === 401) signInAgain();
  return new Refused(response, problem);
}

function signInAgain(): void {
  const { pathname, search } = location;
  location.assign(`/auth/login?return_to=${encodeURIComponent(pathname + search)}`);
}

function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? '';
}
