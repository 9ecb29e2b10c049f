import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { PATHS } from '../metadata.ts';
import { readiness } from './answer-schemas.ts';
import { htmlPage, json, NOTHING_HERE, oauthErrors, redirection } from './answers.ts';
import { documentedPath } from './admin-paths.ts';
import { preflight } from './oauth-paths.ts';
import { SWAGGER_FILES } from './swagger-files.ts';

const probes: ZodOpenApiPathsObject = {
  '/health': {
    get: {
      operationId: 'getHealth',
      tags: ['Operation'],
      summary: 'Whether the process answers',
      security: [],
      responses: { '200': json('It does', z.object({ status: z.literal('ok') })) },
    },
  },
  '/ready': {
    get: {
      operationId: 'getReadiness',
      tags: ['Operation'],
      summary: 'Whether everything that a request needs is there',
      security: [],
      responses: { '200': json('It is', readiness), '503': json('It is not', readiness) },
    },
  },
};

const metrics: ZodOpenApiPathsObject = {
  '/metrics': {
    get: {
      operationId: 'getMetrics',
      tags: ['Operation'],
      summary: 'Everything that is measured, for Prometheus',
      security: [],
      responses: {
        '200': { description: 'The figures', content: { 'text/plain': { schema: z.string() } } },
        ...oauthErrors('server_error'),
      },
    },
  },
};

const tags = ['Documentation'];

const documentation: ZodOpenApiPathsObject = {
  [PATHS.openApi]: {
    get: {
      operationId: 'getOpenApi',
      tags,
      summary: 'This document',
      security: [],
      responses: { '200': json('OpenAPI 3.1', z.looseObject({ openapi: z.string() })) },
    },
    options: preflight('mayScriptGetOpenApi', 'Documentation'),
  },
  [PATHS.swaggerUi]: {
    get: {
      operationId: 'showSwaggerUi',
      tags,
      summary: 'Swagger UI',
      security: [],
      responses: { '200': htmlPage('The page') },
    },
  },
  [`${PATHS.swaggerUi}/`]: {
    get: {
      operationId: 'findSwaggerUi',
      tags,
      summary: 'Swagger UI, by an address that others know it under',
      security: [],
      responses: redirection('To Swagger UI'),
    },
  },
  [documentedPath(PATHS.swaggerFile)]: {
    get: {
      operationId: 'getSwaggerUiFile',
      tags,
      summary: 'What Swagger UI is made of',
      security: [],
      requestParams: { path: z.object({ file: z.enum(SWAGGER_FILES) }) },
      responses: {
        '200': {
          description: 'The file',
          headers: z.object({ etag: z.string().optional() }),
          content: Object.fromEntries(
            ['text/css', 'text/javascript', 'application/javascript', 'text/html', 'image/png'].map(
              (type) => [type, { schema: z.string() }],
            ),
          ),
        },
        '304': { description: 'It is as If-None-Match says', headers: z.object({ etag: z.string() }) },
        ...NOTHING_HERE,
      },
    },
  },
};

/** What probes, Prometheus and developers ask for. */
export function servicePaths(withMetrics: boolean): ZodOpenApiPathsObject {
  return { ...probes, ...(withMetrics && metrics), ...documentation };
}
