import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { Person, type Step } from './person.ts';

/** What was asked and answered. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The request's body: a form, or JSON. */
  readonly sent?: { readonly type: string; readonly text: string } | undefined;
}

export interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** A body as it is, of type JSON unless the headers say otherwise. */
  readonly body?: string;
}

interface Operation {
  readonly id: string;
  readonly pointer: string;
  readonly described: any;
}

const METHODS = ['get', 'post', 'patch', 'delete', 'put', 'head', 'options'] as const;

/** A server's OpenAPI document, held against what the server answers. */
export class DocumentedServer {
  readonly document: any;
  readonly base: string;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #seen = new Set<string>();

  constructor(base: string, document: any) {
    this.base = base;
    this.document = document;
    (formats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    this.#ajv.addSchema(document, 'openapi');
  }

  /** Reads the document from the server itself. */
  static async of(base: string): Promise<DocumentedServer> {
    const response = await fetch(`${base}/api-docs/openapi.json`);
    return new DocumentedServer(base, await response.json());
  }

  /** Asks, and throws if the answer is not as documented. No redirect is followed. */
  async ask(method: string, path: string, { headers, form, json, body }: Asking = {}): Promise<Exchange> {
    const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
    const inJson = json === undefined ? body : JSON.stringify(json);
    const text = form ? new URLSearchParams(form).toString() : inJson;
    const url = new URL(path, this.base).href;
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { ...(text !== undefined && { 'content-type': type }), ...headers },
      ...(text !== undefined && { body: text }),
    });
    const exchange = {
      method,
      url,
      status: response.status,
      headers: response.headers,
      text: await response.text(),
      sent: text === undefined ? undefined : { type, text },
    };
    this.check(exchange);
    return exchange;
  }

  /** A person whose browser's every answer is checked. */
  person(): Person {
    return new WatchedPerson(this);
  }

  /** Throws unless the answer is one that the document has for its request. */
  check(exchange: Exchange): void {
    const operation = this.#operationOf(exchange);
    const problems = this.#problemsOf(operation, exchange);
    if (problems.length > 0) {
      const { method, url, status, text } = exchange;
      throw new Error(
        `${operation.id}: ${method} ${url} answered ${status}, which is not as documented:\n${problems.join('\n')}\n${text.slice(0, 1000)}`,
      );
    }
    this.#seen.add(`${operation.id} ${exchange.status}`);
  }

  /** Every documented answer, as `operationId status`. */
  answers(): readonly string[] {
    return this.operations().flatMap(({ id, described }) =>
      Object.keys(described.responses).map((status) => `${id} ${status}`),
    );
  }

  /** The documented answers that nobody has seen yet. */
  unseen(): readonly string[] {
    return this.answers().filter((answer) => !this.#seen.has(answer));
  }

  operations(): readonly (Operation & { readonly method: string; readonly path: string })[] {
    return Object.entries<any>(this.document.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method) => ({
        id: item[method].operationId,
        method,
        path,
        described: item[method],
        pointer: `/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/${method}`,
      })),
    );
  }

  /** The path of an operation, with the example of each parameter in it. */
  exampleOf({ path, described }: Pick<Operation, 'described'> & { readonly path: string }): string {
    return path.replaceAll(/\{(\w+)\}/g, (_, name) => {
      const { schema } = described.parameters.find((parameter: any) => parameter.name === name);
      return schema.example ?? schema.enum[0];
    });
  }

  /** The problems of a value under the schema at a place in the document. */
  problemsAt(pointer: string, value: unknown): readonly string[] {
    const ref = `openapi#${encodeURI(pointer)}`;
    const validate = this.#validators.get(ref) ?? this.#ajv.compile({ $ref: ref });
    this.#validators.set(ref, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  #operationOf({ method, url }: Exchange): Operation {
    const { pathname } = new URL(url);
    const matching = this.operations().filter((each) => {
      const pattern = each.path
        .replaceAll('.', String.raw`\.`)
        .replaceAll('{path}', '.+')
        .replaceAll(/\{[^}]+\}/g, '[^/]+');
      return each.method === method.toLowerCase() && new RegExp(`^${pattern}$`).test(pathname);
    });
    // A path without parameters goes before one that has some.
    const found = matching.sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
    if (!found) throw new Error(`${method} ${pathname} is not documented`);
    return found;
  }

  #problemsOf({ pointer, described }: Operation, exchange: Exchange): readonly string[] {
    const response = described.responses[exchange.status];
    if (!response) return ['the status is not documented'];
    const at = `${pointer}/responses/${exchange.status}`;
    return [
      ...this.#headerProblems(at, response.headers ?? {}, exchange.headers),
      ...this.#bodyProblems(at, response.content, exchange),
      ...(exchange.status < 400 ? this.#requestProblems(pointer, described, exchange) : []),
    ];
  }

  #headerProblems(at: string, documented: Record<string, any>, headers: Headers): readonly string[] {
    const missing = Object.entries(documented)
      .filter(([name, { required }]) => required === true && !headers.has(name))
      .map(([name]) => `the header ${name} is missing`);
    const wrong = Object.keys(documented).flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : this.problemsAt(`${at}/headers/${name}/schema`, value);
    });
    const unknown = ['etag', 'location', 'retry-after', 'allow']
      .filter((name) => headers.has(name) && !(name in documented))
      .map((name) => `the header ${name} is not documented`);
    return [...missing, ...wrong, ...unknown];
  }

  #bodyProblems(at: string, content: any, { method, headers, text }: Exchange): readonly string[] {
    if (method === 'HEAD') return text === '' ? [] : ['HEAD has a body'];
    const type = headers.get('content-type')?.split(';')[0];
    if (!content) return text === '' ? [] : [`there is a body of type ${type}`];
    if (type === undefined || !(type in content)) return [`the type ${type} is not documented`];
    const schema = `${at}/content/${type.replaceAll('/', '~1')}/schema`;
    if (type === 'application/x-ndjson') {
      return text
        .split('\n')
        .flatMap((line) => (line === '' ? [] : this.problemsAt(schema, JSON.parse(line))));
    }
    return this.problemsAt(schema, type.endsWith('json') ? JSON.parse(text) : text);
  }

  /** What was accepted must be what the document lets a caller send. */
  #requestProblems(pointer: string, described: any, { sent }: Exchange): readonly string[] {
    if (sent === undefined) return [];
    if (!described.requestBody?.content[sent.type]) return [`a body of type ${sent.type} is not documented`];
    const schema = `${pointer}/requestBody/content/${sent.type.replaceAll('/', '~1')}/schema`;
    const body: unknown =
      sent.type === 'application/json'
        ? JSON.parse(sent.text)
        : Object.fromEntries(new URLSearchParams(sent.text));
    return this.problemsAt(schema, body).map((problem) => `the request: ${problem}`);
  }
}

class WatchedPerson extends Person {
  readonly #server: DocumentedServer;

  constructor(server: DocumentedServer) {
    super(server.base);
    this.#server = server;
  }

  override async request(path: string, init: RequestInit = {}): Promise<Step> {
    const step = await super.request(path, init);
    const type = new Headers(init.headers).get('content-type');
    const sent = typeof init.body === 'string' && type !== null ? { type, text: init.body } : undefined;
    this.#server.check({ method: init.method ?? 'GET', ...step, sent });
    return step;
  }
}
