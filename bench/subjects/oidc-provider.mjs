import { startOidcProvider } from '../peers/oidc-provider/start.mjs';

/** node-oidc-provider with JWT access tokens, which it signs (ES256) and does not store: no introspection, no revocation. */
export const start = (choice) => startOidcProvider(choice, 'jwt');
