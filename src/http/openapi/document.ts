import { createDocument, type ZodOpenApiObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import type { Operation } from '../admin/operation.ts';
import { adminPaths } from './admin-paths.ts';
import { oauthPaths } from './oauth-paths.ts';
import { pagePaths } from './page-paths.ts';
import { securitySchemes } from './security.ts';
import { servicePaths } from './service-paths.ts';

export interface DocumentFacts {
  readonly issuer: string;
  readonly version: string;
  readonly operations: readonly Operation[];
  /** Whether the metrics are on this port. */
  readonly withMetrics: boolean;
}

export type OpenApiDocument = ReturnType<typeof createDocument>;

const DESCRIPTION = `An OAuth 2.1 / OpenID Connect authorization server.

Every answer has an \`x-request-id\`, which the log knows too. HEAD is answered like GET, without the body. An address that
does not know a method says by 405 or 404 that it does not.`;

/** The tags of what is not the admin API, in the order of a reader's interest. */
const TAGS = {
  OAuth: 'Tokens, and the way to them',
  'OpenID Connect': 'Who the person is',
  Discovery: 'What a client or a verifier must know',
  Pages: 'What people see in a browser',
  Operation: 'Probes and figures',
  Documentation: 'This document',
};

/** Everything that this server answers, made of the schemas that its requests are checked with. */
export function openApiDocument({
  issuer,
  version,
  operations,
  withMetrics,
}: DocumentFacts): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {
    ...oauthPaths,
    ...adminPaths(operations),
    ...pagePaths,
    ...servicePaths(withMetrics),
  };
  const adminTags = [...new Set(operations.map(({ tag }) => tag))];
  const document: ZodOpenApiObject = {
    openapi: '3.1.1',
    info: {
      title: 'Stagedoor',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: issuer }],
    tags: [
      ...adminTags.map((name) => ({ name, description: 'The admin API' })),
      ...Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    ],
    paths,
    components: { securitySchemes: securitySchemes(issuer) },
  };
  return createDocument(document, {
    override: ({ jsonSchema }) => {
      writePlainly(jsonSchema);
    },
  });
}

/** The pattern of text without control characters, as we write it and as tools in other languages can read it, too. */
const NO_CONTROL = String.raw`^\P{Cc}*$`;
const NO_CONTROL_PORTABLY = String.raw`^[^\x00-\x1f\x7f-\x9f]*$`;

/** Formats whose long patterns, which zod adds, say nothing more. */
const PLAIN_FORMATS: readonly unknown[] = ['date-time', 'uuid'];

function writePlainly(schema: { pattern?: string; format?: string }): void {
  if (schema.pattern === NO_CONTROL) schema.pattern = NO_CONTROL_PORTABLY;
  if (PLAIN_FORMATS.includes(schema.format)) delete schema.pattern;
}
