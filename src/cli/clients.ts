import { InvalidArgumentError, type Command } from 'commander';
import { LOCAL_CALLER } from '../actors/audit/messages.ts';
import { parseScope } from '../oauth/scope.ts';
import { systemSources } from '../system-sources.ts';
import { withActors } from './session.ts';
import { formatDate, formatTable } from './table.ts';

const LIST_LIMIT = 1000;
const DEFAULT_OVERLAP_SECONDS = 86_400;

interface AddOptions {
  readonly redirectUri: readonly string[];
  readonly grantType: readonly string[];
  readonly scope?: string;
  readonly public?: true;
  readonly firstParty?: true;
  readonly pkce: boolean;
}

/** stagedoor clients … */
export function addClientCommands(
  program: Command,
  env: NodeJS.ProcessEnv,
  print: (text: string) => void,
): void {
  const clients = program.command('clients').description('manage the applications that ask for tokens');

  clients
    .command('add <name>')
    .description('register a client; its secret is printed once')
    .option('-r, --redirect-uri <uri>', 'where codes may be sent (repeatable)', collect, [])
    .option(
      '-g, --grant-type <type>',
      'authorization_code, refresh_token or client_credentials (repeatable; default: by whether there is a redirect URI)',
      collect,
      [],
    )
    .option('-s, --scope <scope>', 'what it may ask for, space-separated; admin scopes too')
    .option('--public', 'a client that cannot keep a secret, such as an app or a single-page application')
    .option('--first-party', 'your own client: its users are not asked for consent')
    .option('--no-pkce', 'a confidential client that cannot send PKCE; it must send a nonce instead')
    .action(async (name: string, options: AddOptions) => {
      const metadata = await metadataOf(name, options);
      const policy = { firstParty: options.firstParty ?? false, pkceRequired: options.pkce };
      const { client, clientSecret } = await withActors(env, (actors) =>
        actors.clients.ask({ type: 'register', metadata, policy, caller: LOCAL_CALLER }),
      );
      print(`client_id: ${client.clientId}\n`);
      if (clientSecret) print(`client_secret: ${clientSecret.reveal()}   (shown only this once)\n`);
    });

  clients
    .command('list')
    .description(`list the clients, the youngest first (at most ${LIST_LIMIT})`)
    .action(async () => {
      const page = { limit: LIST_LIMIT, after: null };
      const list = await withActors(env, (actors) =>
        actors.clients.ask({ type: 'list', search: null, page }),
      );
      const rows = list.items.map((client) => [
        client.clientId,
        client.clientName,
        client.grantTypes.join(' '),
        formatDate(client.createdAt),
        formatDate(client.disabledAt),
      ]);
      print(formatTable(['CLIENT_ID', 'NAME', 'GRANT TYPES', 'CREATED', 'DISABLED'], rows));
    });

  clients
    .command('rotate-secret <client_id>')
    .description('add a secret, printed once; the others stop working after the overlap')
    .option('--overlap <seconds>', 'how long the others still work', seconds, DEFAULT_OVERLAP_SECONDS)
    .action(async (clientId: string, { overlap }: { overlap: number }) => {
      const othersExpireAt = new Date(systemSources.now().getTime() + overlap * 1000);
      const { clientSecret } = await withActors(env, (actors) =>
        actors.clients.ask({
          type: 'addSecret',
          clientId,
          expiresAt: null,
          othersExpireAt,
          caller: LOCAL_CALLER,
        }),
      );
      print(`client_secret: ${clientSecret.reveal()}   (shown only this once)\n`);
      print(`the other secrets work for another ${overlap} seconds\n`);
    });

  clients
    .command('disable <client_id>')
    .description('refuse a client everything and revoke its tokens')
    .action(async (clientId: string) => {
      await withActors(env, (actors) =>
        actors.clients.ask({ type: 'disable', clientId, caller: LOCAL_CALLER }),
      );
      print(`disabled ${clientId}\n`);
    });

  clients
    .command('enable <client_id>')
    .description('undo disable; revoked tokens stay revoked')
    .action(async (clientId: string) => {
      await withActors(env, (actors) =>
        actors.clients.ask({ type: 'enable', clientId, caller: LOCAL_CALLER }),
      );
      print(`enabled ${clientId}\n`);
    });
}

/** The same rules as for a registration over the network, except that an admin may grant any scope. */
async function metadataOf(name: string, options: AddOptions) {
  const { parseClientMetadata } = await import('../oauth/client-metadata.ts');
  const byRedirect =
    options.redirectUri.length > 0 ? ['authorization_code', 'refresh_token'] : ['client_credentials'];
  const metadata = parseClientMetadata({
    client_name: name,
    redirect_uris: options.redirectUri,
    grant_types: options.grantType.length > 0 ? options.grantType : byRedirect,
    token_endpoint_auth_method: options.public ? 'none' : 'client_secret_basic',
  });
  return options.scope === undefined ? metadata : { ...metadata, scope: parseScope(options.scope) };
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a number of seconds.');
  return Number(text);
}
