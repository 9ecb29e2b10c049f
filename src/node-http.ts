import type * as Http from 'node:http';

/**
 * Node's http as CommonJS modules get it. An import of `node:http` asks for all that it exports, with that for a WebSocket client
 * that nobody here uses: 14 MB in each process on Node 24, and a thirtieth of a second at its start.
 */
const http = process.getBuiltinModule('node:http');

export const { createServer, request, IncomingMessage, ServerResponse, STATUS_CODES } = http;

export type IncomingMessage = Http.IncomingMessage;
export type ServerResponse = Http.ServerResponse;
