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
import type { Operation } from './admin/operation.ts';
import { adminOperations } from './admin/operations.ts';
import { addAdminApi } from './admin/routes.ts';
import { errorEdge, methodNotAllowed, notFound } from './error-edge.ts';
import { PATHS, serverMetadata } from './metadata.ts';
import type { PageParts } from './page-parts.ts';
import { addPanel } from './panel/panel.ts';
import type { Readiness } from './readiness.ts';
import {
  accountRoute,
  disconnectRoute,
  endAllRoute,
  endOthersRoute,
  endSessionRoute,
  passwordRoute,
  postDisconnectRoute,
  postEndAllRoute,
  postPasswordRoute,
} from './routes/account.ts';
import { authorizeRoute, decisionRoute, postAuthorizeRoute } from './routes/authorize.ts';
import { jwksRoute, metadataRoute } from './routes/discovery.ts';
import { faviconRoute } from './routes/favicon.ts';
import { healthRoute, readyRoute } from './routes/health.ts';
import { introspectRoute } from './routes/introspect.ts';
import { loginRoute, postLoginRoute } from './routes/login.ts';
import { logoutRoute, postLogoutRoute } from './routes/logout.ts';
import { metricsRoute, type Exposition } from './routes/metrics.ts';
import { openApiRoute } from './routes/openapi.ts';
import { registerRoute, type RegistrationPolicy } from './routes/register.ts';
import { revokeRoute } from './routes/revoke.ts';
import { errorRoute, startRoute } from './routes/start-page.ts';
import { stylesheetRoute } from './routes/stylesheet.ts';
import { swaggerFileRoute, swaggerUiFolderRoute, swaggerUiRoute } from './routes/swagger-ui.ts';
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
  const operations = adminOperations();
  addPages(app, parts, operations);
  addDocumentation(app, parts, operations);

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

function addPages(
  app: Express,
  { actors, issuer, csrfKeys, sources, logger, readiness }: AppParts,
  operations: readonly Operation[],
): void {
  const cookies = new Cookies(issuer);
  const sessions = new Sessions(actors.auth, cookies);
  const csrf = new Csrf(csrfKeys, cookies, sessions, sources.randomBytes);
  const pages: PageParts = { actors, issuer, sessions, csrf, now: sources.now };
  app.get('/', startRoute());
  app.get('/error', errorRoute());
  // A GET issues codes, and HEAD must be safe (RFC 9110 §9.2.1); Express would answer it with the GET route.
  app.head(PATHS.authorize, methodNotAllowed('GET, POST'));
  app.get(PATHS.authorize, authorizeRoute(pages));
  app.post(PATHS.authorize, postAuthorizeRoute());
  app.all(PATHS.authorize, methodNotAllowed('GET, POST'));
  app.post(PATHS.decision, decisionRoute(pages));
  app.get(PATHS.login, loginRoute(pages));
  app.post(PATHS.login, postLoginRoute(pages));
  app.get(PATHS.logout, logoutRoute(pages));
  app.post(PATHS.logout, postLogoutRoute(pages));
  addAccount(app, pages);
  app.get(PATHS.stylesheet, stylesheetRoute());
  app.get('/favicon.ico', faviconRoute());
  addPanel(app, pages);
  addAdminApi(app, operations, { ...pages, readiness, randomBytes: sources.randomBytes }, logger);
}

/** What developers read. */
function addDocumentation(
  app: Express,
  { issuer, version, exposition }: AppParts,
  operations: readonly Operation[],
): void {
  const withMetrics = exposition !== undefined;
  const shared = cors('GET');
  app.get(PATHS.openApi, shared, openApiRoute({ issuer, version, operations, withMetrics }));
  app.options(PATHS.openApi, shared);
  app.all(PATHS.openApi, methodNotAllowed('GET'));
  app.get(PATHS.swaggerUi, swaggerUiRoute());
  app.get(`${PATHS.swaggerUi}/`, swaggerUiFolderRoute());
  app.get(PATHS.swaggerFile, swaggerFileRoute(issuer));
}

function addAccount(app: Express, pages: PageParts): void {
  app.get(PATHS.account, accountRoute(pages));
  app.get(PATHS.changePassword, passwordRoute());
  app.post(PATHS.changePassword, postPasswordRoute(pages));
  app.get(PATHS.disconnectApp, disconnectRoute(pages));
  app.post(PATHS.disconnectApp, postDisconnectRoute(pages));
  app.post(PATHS.endSession, endSessionRoute(pages));
  app.post(PATHS.endOtherSessions, endOthersRoute(pages));
  app.get(PATHS.endAllSessions, endAllRoute(pages));
  app.post(PATHS.endAllSessions, postEndAllRoute(pages));
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
