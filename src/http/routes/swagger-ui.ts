import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { lazily } from '../../lazily.ts';
import { PATHS } from '../metadata.ts';
import { SWAGGER_FILES, type SwaggerFile } from '../openapi/swagger-files.ts';
import { ownOriginScript, swaggerPage, swaggerPageStyle } from '../pages/swagger-page.ts';
import { redirect } from '../send-page.ts';
import { makeAsset, sendAsset, type Asset } from '../static-asset.ts';

const MAX_AGE_SECONDS = 3600;

/** Only what comes from here runs, is shown or is asked: Swagger UI needs no exception, not even for styles. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** GET /swagger-ui. */
export function swaggerUiRoute() {
  const page = swaggerPage(PATHS.swaggerUi);
  return (_request: Request, response: Response): void => {
    send(response, 'text/html; charset=utf-8', page);
  };
}

/** GET /swagger-ui/: others serve it there. */
export function swaggerUiFolderRoute() {
  return (_request: Request, response: Response): void => {
    redirect(response, PATHS.swaggerUi);
  };
}

/** GET /swagger-ui/:file. The package is loaded by whoever asks first. */
export function swaggerFileRoute(issuer: string) {
  const packaged = lazily(() => packagedFiles(issuer));
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const file = SWAGGER_FILES.find((name) => name === request.params.file);
    if (file === undefined) next();
    else if (file === 'page.css') send(response, 'text/css; charset=utf-8', swaggerPageStyle);
    else if (file === 'own-origin.js') {
      send(response, 'text/javascript; charset=utf-8', ownOriginScript(issuer, PATHS.swaggerUi));
    } else {
      const { init, files } = await packaged();
      const asset = files.get(file);
      response.set({ ...HEADERS, 'cache-control': `public, max-age=${MAX_AGE_SECONDS}` });
      if (asset) sendPackaged(asset, request, response);
      else init?.(request, response, next);
    }
  };
}

function send(response: Response, contentType: string, body: string): void {
  response.writeHead(200, {
    ...HEADERS,
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-cache',
  });
  response.end(body);
}

interface Packaged {
  /** Sends the script that starts Swagger UI with our settings. */
  readonly init: RequestHandler | undefined;
  readonly files: ReadonlyMap<SwaggerFile, Asset>;
}

async function packagedFiles(issuer: string): Promise<Packaged> {
  const { default: swaggerUi } = await import('swagger-ui-express');
  const [init] = swaggerUi.serveFiles(undefined, {
    swaggerUrl: PATHS.openApi,
    swaggerOptions: {
      layout: 'BaseLayout',
      // It would send the document to a server of others.
      validatorUrl: null,
      oauth2RedirectUrl: issuer + PATHS.swaggerRedirect,
      oauth: { usePkceWithAuthorizationCodeGrant: true },
      docExpansion: 'none',
      displayRequestDuration: true,
    },
  });
  const assets = SWAGGER_FILES.filter((name) => !OURS.has(name)).map(
    async (name) => [name, await makeAsset(TYPES[extname(name)] ?? '', await readPackaged(name))] as const,
  );
  return { init, files: new Map(await Promise.all(assets)) };
}

/** Those that are made, by us or by the package, rather than read. */
const OURS: ReadonlySet<SwaggerFile> = new Set(['page.css', 'own-origin.js', 'swagger-ui-init.js']);

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.png': 'image/png',
};

/** The files lie in a package that swagger-ui-express depends on. */
function readPackaged(name: string): Promise<Buffer> {
  const { resolve } = createRequire(import.meta.url);
  const dist = createRequire(resolve('swagger-ui-express')).resolve('swagger-ui-dist/package.json');
  return readFile(join(dirname(dist), name));
}

function sendPackaged(asset: Asset, request: Request, response: Response): void {
  response.set('etag', asset.etag);
  if (request.fresh) response.status(304).end();
  else sendAsset(request, response, asset, {});
}
