import type { Config } from './config.ts';
import type { Sensitive } from './oauth/sensitive.ts';

/** What a person at the terminal wants to know after the start. The generated password is shown here and never again. */
export function welcome(config: Config, embedded: boolean, generatedPassword: Sensitive | undefined): string {
  const { issuer, dataDir, adminUsername, clientRegistration } = config;
  const lines = ['', `  Stagedoor is ready at ${issuer}`, ''];
  if (embedded)
    lines.push(`  Data      ${dataDir} (embedded PostgreSQL; set OAUTH2_DATABASE_URL for a server)`);
  if (generatedPassword) {
    lines.push(`  Admin     ${adminUsername} / ${generatedPassword.reveal()}   (shown only this once)`);
  }
  lines.push(`  Panel     ${issuer}/admin`, `  API       ${issuer}/swagger-ui`, '');
  if (clientRegistration === 'open') {
    lines.push(
      '  Register a client that may ask for tokens:',
      '',
      `    curl -X POST ${issuer}/clients/register -H 'Content-Type: application/json' \\`,
      `      -d '{"client_name":"My service","grant_types":["client_credentials"],"scope":"read write"}'`,
    );
  } else {
    lines.push('  See what is offered:', '', `    curl ${issuer}/.well-known/openid-configuration`);
  }
  return `${lines.join('\n')}\n\n`;
}
