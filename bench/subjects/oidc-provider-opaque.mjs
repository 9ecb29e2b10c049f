import { startOidcProvider } from '../peers/oidc-provider/start.mjs';

/** node-oidc-provider with opaque access tokens, each a committed row: the durable work that Stagedoor does, and no signature. */
export const start = (choice) => startOidcProvider(choice, 'opaque');
