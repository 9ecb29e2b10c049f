import { createInterface } from 'node:readline';
import { newSecret } from '../oauth/secret.ts';
import { Sensitive } from '../oauth/sensitive.ts';
import { systemSources } from '../system-sources.ts';

/** The first line of standard input: a password on the command line would be seen by every user of the machine. */
export async function readPassword(): Promise<Sensitive> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  for await (const line of lines) {
    lines.close();
    return new Sensitive(line);
  }
  return new Sensitive('');
}

/** A random password that is long enough never to be guessed. */
export function generatePassword(): Sensitive {
  return new Sensitive(newSecret(systemSources.randomBytes));
}
