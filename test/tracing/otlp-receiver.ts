import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A span as OTLP/JSON has it, its attributes as an object. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, any>>;
  readonly events: readonly { readonly name: string; readonly at: bigint }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: number;
  readonly service: string;
}

/** A collector: takes traces over HTTP and keeps them. */
export interface OtlpReceiver {
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  /** Each request as it came. */
  readonly posts: readonly { readonly path: string; readonly type: string; readonly body: Buffer }[];
  close(): Promise<void>;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const posts: OtlpReceiver['posts'][number][] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const type = request.headers['content-type'] ?? '';
    const body = await buffer(request);
    posts.push({ path: request.url ?? '', type, body });
    if (type === 'application/json') spans.push(...spansOf(JSON.parse(body.toString())));
    response.writeHead(200, { 'content-type': type });
    response.end(type === 'application/json' ? '{}' : '');
  };
  const server = createServer((request, response) => void receive(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    posts,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function spansOf(body: any): ReceivedSpan[] {
  return body.resourceSpans.flatMap((resource: any) =>
    resource.scopeSpans.flatMap((scope: any) =>
      scope.spans.map((span: any) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        kind: span.kind,
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
        attributes: attributesOf(span.attributes),
        events: span.events.map((event: any) => ({ name: event.name, at: BigInt(event.timeUnixNano) })),
        links: span.links.map((link: any) => ({ traceId: link.traceId, spanId: link.spanId })),
        status: span.status.code,
        service: attributesOf(resource.resource.attributes)['service.name'],
      })),
    ),
  );
}

function attributesOf(list: any[]): Record<string, any> {
  return Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
}
