// The programs that tests run beside ours, installed where they are missing and may be. Node built-ins only.
import { findChromium } from './chromium.mjs';
import { findPostgresPrograms } from './postgres-programs.mjs';
import { provide } from './programs.mjs';

/** Throws a sentence that says what to install where something is missing that cannot be. */
export function requireTestPrograms(say) {
  provide(
    { find: findChromium, debianPackage: 'chromium', words: 'Chromium for the browser tests' },
    say,
    'The browser tests need Chromium or Chrome: install one (on Debian: apt-get install chromium), ' +
      'or set CHROMIUM_PATH to its executable.',
  );
  provide(
    { find: findPostgresPrograms, debianPackage: 'postgresql', words: 'PostgreSQL for the tests of backups' },
    say,
    'The tests of backups need a PostgreSQL with its programs, pg_dump among them: install one (on Debian: ' +
      'apt-get install postgresql), or set POSTGRES_PROGRAMS to the folder of its programs.',
  );
}
