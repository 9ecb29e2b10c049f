import express, { type Express } from 'express';
import type { Logger } from 'pino';
import type { Actors } from '../actors/actors.ts';
import { Cookies } from '../middleware/cookies.ts';
import { cors } from '../middleware/cors.ts';
import { Csrf } from '../middleware/csrf.ts';
import { addHeader, sendNotedHeaders } from '../middleware/early-headers.ts';
import { requestContext, type RequestObserver } from '../middleware/request-context.ts';
import { requestLog } from '../middleware/request-log.ts';
import { Sessions } from '../middleware/session.ts';
import { traceRequests } from '../middleware/tracing.ts';
import type { DerivedKey } from '../oauth/master-secret.ts';
import type { Sources } from '../oauth/sources.ts';
import { errorEdge, methodNotAllowed, notFound } from './error-edge.ts';
import { lazyHandlers, lazyRouter } from './lazy-routes.ts';
import { ADMIN_API, PATHS, serverMetadata } from './metadata.ts';
import type { pageHandlers } from './page-handlers.ts';
import type { PageParts } from './page-parts.ts';
import { PANEL_ROUTES } from './panel/panel-paths.ts';
import type { Readiness } from './readiness.ts';
import { jwksRoute, metadataRoute } from './routes/discovery.ts';
import { faviconRoute } from './routes/favicon.ts';
import { healthRoute, readyRoute } from './routes/health.ts';
import { introspectRoute } from './routes/introspect.ts';
import { metricsRoute, type Exposition } from './routes/metrics.ts';
import { registerRoute, type RegistrationPolicy } from './routes/register.ts';
import { revokeRoute } from './routes/revoke.ts';
import { tokenRoute } from './routes/token.ts';
import { userinfoRoute } from './routes/userinfo.ts';

export interface AppParts {
  readonly actors: Actors;
  readonly issuer: string;
  /** Of this program, as its document says. */
  readonly version: string;
  readonly registration: RegistrationPolicy;
  /** Addresses whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly csrfKeys: readonly [DerivedKey, ...DerivedKey[]];
  readonly readiness: Readiness;
  /** What `/metrics` answers; absent where that is off, or has a port of its own. */
  readonly exposition: Exposition | undefined;
  /** Whether requests are traced. */
  readonly traced: boolean;
  /** Told of each request when it has ended. */
  readonly requestObservers: readonly RequestObserver[];
  readonly sources: Sources;
  readonly logger: Logger;
}

/** The application behind a port of its own for the metrics, so that only the scraper's network need reach them. */
export function createMetricsApp(
  exposition: Exposition,
  { logger, sources, requestObservers }: Pick<AppParts, 'logger' | 'sources' | 'requestObservers'>,
): Express {
  const app = newExpress();
  app.use(requestContext(sources, [requestLog(logger), ...requestObservers], false));
  app.get('/metrics', metricsRoute(exposition));
  app.use(notFound);
  app.use(errorEdge(logger));
  return app;
}

/** The Express application. The order is that of the traffic: what is called most is found first. */
export function createApp(parts: AppParts): Express {
  const { actors, issuer, logger, sources } = parts;
  const app = newExpress();
  app.set('trust proxy', parts.trustedProxies.length > 0 ? [...parts.trustedProxies] : false);
  if (parts.traced) app.use(traceRequests());
  if (issuer.startsWith('https:')) app.use(strictTransport);
  const behindProxy = parts.trustedProxies.length > 0;
  app.use(requestContext(sources, [requestLog(logger), ...parts.requestObservers], behindProxy));

  const shared = cors('GET, POST');
  app.post(PATHS.token, shared, tokenRoute(actors));
  app.post(PATHS.introspect, introspectRoute(actors, issuer));
  app.all(PATHS.introspect, methodNotAllowed('POST'));
  app.options(PATHS.token, shared);
  app.all(PATHS.token, methodNotAllowed('POST'));
  app.post(PATHS.revoke, shared, revokeRoute(actors));
  app.options(PATHS.revoke, shared);
  app.all(PATHS.revoke, methodNotAllowed('POST'));
  app.get(PATHS.userinfo, shared, userinfoRoute(actors));
  app.post(PATHS.userinfo, shared, userinfoRoute(actors));
  app.options(PATHS.userinfo, shared);
  app.all(PATHS.userinfo, methodNotAllowed('GET, POST'));
  app.use('/.well-known', shared);
  app.get(PATHS.jwks, jwksRoute(actors));
  const metadata = serverMetadata(issuer, parts.registration.clientRegistration !== 'disabled');
  // Two routes, so that the log names the one that was asked for.
  app.get(PATHS.openidConfiguration, metadataRoute(metadata));
  app.get(PATHS.serverMetadata, metadataRoute(metadata));
  app.get('/health', healthRoute());
  app.get('/ready', readyRoute(parts.readiness));
  if (parts.exposition) app.get('/metrics', metricsRoute(parts.exposition));
  app.post(PATHS.register, registerRoute(actors, parts.registration));
  app.all(PATHS.register, methodNotAllowed('POST'));
  addPages(app, parts);
  addDocumentation(app, parts);

  app.use(notFound);
  app.use(errorEdge(logger));
  return app;
}

function newExpress(): Express {
  const app = express();
  sendNotedHeaders(app);
  app.disable('x-powered-by');
  app.disable('etag');
  // An address has one spelling.
  app.enable('strict routing');
  app.enable('case sensitive routing');
  // Queries are parsed where they are read, with repeated parameters refused.
  app.set('query parser', false);
  return app;
}

/** What people see. They can wait for it to be loaded, once. */
function addPages(app: Express, { actors, issuer, csrfKeys, sources, logger, readiness }: AppParts): void {
  const cookies = new Cookies(issuer);
  const sessions = new Sessions(actors.auth, cookies);
  const csrf = new Csrf(csrfKeys, cookies, sessions, sources.randomBytes);
  const parts: PageParts = { actors, issuer, sessions, csrf, now: sources.now };
  const page = lazyHandlers(async () => (await import('./page-handlers.ts')).pageHandlers(parts));
  app.get('/', page('start'));
  app.get('/error', page('error'));
  // A GET issues codes, and HEAD must be safe (RFC 9110 §9.2.1); Express would answer it with the GET route.
  app.head(PATHS.authorize, methodNotAllowed('GET, POST'));
  app.get(PATHS.authorize, page('authorize'));
  app.post(PATHS.authorize, page('postAuthorize'));
  app.all(PATHS.authorize, methodNotAllowed('GET, POST'));
  app.post(PATHS.decision, page('decision'));
  app.get(PATHS.login, page('login'));
  app.post(PATHS.login, page('postLogin'));
  app.get(PATHS.logout, page('logout'));
  app.post(PATHS.logout, page('postLogout'));
  addAccount(app, page);
  app.get(PATHS.stylesheet, page('stylesheet'));
  app.get('/favicon.ico', faviconRoute());
  addPanel(app, parts);
  const tools = { ...parts, readiness, randomBytes: sources.randomBytes };
  app.use(lazyRouter(ADMIN_API, async () => (await import('./admin/routes.ts')).adminRouter(tools, logger)));
}

type Page = (name: keyof ReturnType<typeof pageHandlers>) => express.RequestHandler;

function addAccount(app: Express, page: Page): void {
  app.get(PATHS.account, page('account'));
  app.get(PATHS.changePassword, page('password'));
  app.post(PATHS.changePassword, page('postPassword'));
  app.get(PATHS.disconnectApp, page('disconnect'));
  app.post(PATHS.disconnectApp, page('postDisconnect'));
  app.post(PATHS.endSession, page('endSession'));
  app.post(PATHS.endOtherSessions, page('endOthers'));
  app.get(PATHS.endAllSessions, page('endAll'));
  app.post(PATHS.endAllSessions, page('postEndAll'));
}

/** The control panel. */
function addPanel(app: Express, parts: PageParts): void {
  const panel = lazyHandlers(async () => (await import('./panel/panel.ts')).panelHandlers(parts));
  app.get('/assets/panel/{*path}', panel('asset'));
  for (const path of PANEL_ROUTES) app.get(path, panel('shell'));
}

/** What developers read. */
function addDocumentation(app: Express, { issuer, version, exposition }: AppParts): void {
  const facts = { issuer, version, withMetrics: exposition !== undefined };
  const documentation = lazyHandlers(async () =>
    (await import('./documentation.ts')).documentationHandlers(facts),
  );
  const shared = cors('GET');
  app.get(PATHS.openApi, shared, documentation('openApi'));
  app.options(PATHS.openApi, shared);
  app.all(PATHS.openApi, methodNotAllowed('GET'));
  app.get(PATHS.swaggerUi, documentation('swaggerUi'));
  app.get(`${PATHS.swaggerUi}/`, documentation('swaggerUiFolder'));
  app.get(PATHS.swaggerFile, documentation('swaggerFile'));
}

/** Browsers that came by https once never come by http again (RFC 6797). */
function strictTransport(
  _request: express.Request,
  response: express.Response,
  next: express.NextFunction,
): void {
  addHeader(response, 'strict-transport-security', 'max-age=31536000');
  next();
}
