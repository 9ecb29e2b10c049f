import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { lazily } from '../../lazily.ts';
import { PATHS } from '../metadata.ts';
import { SWAGGER_FILES, type SwaggerFile } from '../openapi/swagger-files.ts';
import { ownOriginScript, swaggerPage, swaggerPageStyle } from '../pages/swagger-page.ts';
import { redirect } from '../send-page.ts';

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
  const handlers = lazily(() => packagedFiles(issuer));
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const file = SWAGGER_FILES.find((name) => name === request.params.file);
    if (file === undefined) next();
    else if (file === 'page.css') send(response, 'text/css; charset=utf-8', swaggerPageStyle);
    else if (file === 'own-origin.js') {
      send(response, 'text/javascript; charset=utf-8', ownOriginScript(issuer, PATHS.swaggerUi));
    } else {
      sendPackaged(await handlers(), file, request, response, next);
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

/** The files of the package, and its script that starts Swagger UI with our settings. */
async function packagedFiles(issuer: string): Promise<readonly RequestHandler[]> {
  const { default: swaggerUi } = await import('swagger-ui-express');
  return swaggerUi.serveFiles(undefined, {
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
}

function sendPackaged(
  [init, files]: readonly RequestHandler[],
  file: SwaggerFile,
  request: Request,
  response: Response,
  next: NextFunction,
): void {
  // It looks for the file by the whole path. Parts and preconditions are not offered: it reports what fails as a fault.
  request.url = `/${file}`;
  for (const name of ['range', 'if-match', 'if-unmodified-since']) delete request.headers[name];
  response.set({ ...HEADERS, 'cache-control': `public, max-age=${MAX_AGE_SECONDS}` });
  if (file === 'swagger-ui-init.js') init?.(request, response, next);
  else files?.(request, response, next);
}
