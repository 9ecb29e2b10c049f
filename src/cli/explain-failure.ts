import { ConfigError } from '../config.ts';
import { CodeTooOld } from '../database/contract-guard.ts';
import { FolderInUse } from '../database/folder-lock.ts';
import { DamagedSecret, LostSecret } from '../database/folder-secret.ts';
import { StatementFailed } from '../database/faults.ts';
import { MigrationFailed } from '../database/migrator.ts';
import { SchemaMismatch } from '../database/schema.ts';
import { describeBug } from '../describe-bug.ts';
import { OAuthError } from '../oauth/errors.ts';
import { StartupError } from '../storage.ts';

/** What a person at the terminal is told when a command fails: a sentence where one was foreseen, else where the bug is. */
export function explainFailure(error: unknown): string {
  const foreseen = [
    ConfigError,
    StartupError,
    FolderInUse,
    DamagedSecret,
    LostSecret,
    SchemaMismatch,
    MigrationFailed,
    CodeTooOld,
    OAuthError,
    StatementFailed,
  ];
  if (foreseen.some((kind) => error instanceof kind)) return `stagedoor: ${(error as Error).message}`;
  const { errorName, frames } = describeBug(error);
  return [
    `stagedoor: unexpected ${errorName}; this is a bug, please report it with these lines:`,
    ...frames,
  ].join('\n  ');
}
