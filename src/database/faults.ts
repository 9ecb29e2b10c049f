import { InvalidRequest, OAuthError, ServerError, TemporarilyUnavailable } from '../oauth/errors.ts';

/** A statement broke a unique constraint; `constraint` is its name in the schema. */
export class UniqueViolation extends Error {
  readonly constraint: string;

  constructor(constraint: string) {
    super(`unique constraint ${constraint}`);
    this.name = 'UniqueViolation';
    this.constraint = constraint;
  }
}

/** A statement that the database would not run: a bug. Carries its name and SQLSTATE, never its text or its values. */
export class StatementFailed extends Error {
  readonly sqlState: string;

  constructor(statement: string, sqlState: string) {
    super(`statement ${statement} failed with SQLSTATE ${sqlState}`);
    this.name = 'StatementFailed';
    this.sqlState = sqlState;
  }
}

/**
 * A statement met a value that its type or range does not allow, which should have been refused before. That is a fault of ours,
 * but of this one request: it must not count as a crash, or a caller could end the process by sending it again and again.
 */
export class ValueRefused extends ServerError {
  readonly sqlState: string;

  constructor(statement: string, sqlState: string) {
    super(`statement ${statement} was given a value that it cannot take, SQLSTATE ${sqlState}`);
    this.sqlState = sqlState;
  }
}

// PostgreSQL, appendix A: connection, resources, operator intervention, system error; serialization and lock failures;
// a primary that became a standby; prepared statements
// that a migration made useless; a database that is being set up.
const TRANSIENT_SQL_STATE = /^(?:08|28|53|57|58)|^(?:40001|40P01|55P03|25006|26000|42P05|0A000|3D000)$/;
/** A NUL, or a character that the database's encoding lacks: the caller's value, not our statement. */
const NOT_STORABLE = /^(?:22021|22P05)$/;
const SQL_STATE = /^[0-9A-Z]{5}$/;

/** Turns what Knex or a driver threw into an error that is safe to log and to reason about. */
export function classifyFault(statement: string, error: unknown): Error {
  const fault = error as { code?: unknown; constraint?: unknown } | undefined;
  const code = typeof fault?.code === 'string' ? fault.code : '';
  if (!SQL_STATE.test(code)) {
    // No SQLSTATE: the statement never reached the database, or its answer never came back. Knex's own bugs would also
    // land here, as unavailability in the log with the error's name; a refused connection must not pass for a bug.
    if (error instanceof TypeError || error instanceof RangeError) return error;
    return new TemporarilyUnavailable('storage', { cause: new Error(code || nameOf(error)) });
  }
  if (TRANSIENT_SQL_STATE.test(code))
    return new TemporarilyUnavailable('storage', { cause: new Error(code) });
  if (NOT_STORABLE.test(code)) return new InvalidRequest('A value contains characters that cannot be stored');
  if (code.startsWith('22')) return new ValueRefused(statement, code);
  if (code === '23505') return new UniqueViolation(String(fault?.constraint));
  return new StatementFailed(statement, code);
}

/** Whether an error has been through here already, or is no database's at all. */
export function isClassified(error: unknown): boolean {
  return error instanceof OAuthError || error instanceof StatementFailed || error instanceof UniqueViolation;
}

/** Whether the storage or the statement is to blame, and not a value that somebody sent. */
export function isOurs(fault: Error): boolean {
  return !(fault instanceof UniqueViolation || fault instanceof InvalidRequest);
}

/** What went wrong, in a code or a name that quotes nothing. */
export function faultCode(fault: Error): string {
  if (fault instanceof StatementFailed || fault instanceof ValueRefused) return fault.sqlState;
  return fault.cause instanceof Error ? fault.cause.message : fault.name;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
