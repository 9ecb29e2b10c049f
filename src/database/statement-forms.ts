import { sqlOf, type Migration } from './migration.ts';

/** Table locks as PostgreSQL names them ("Explicit Locking"), the weakest first. */
const MODES = [
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const;

export type LockMode = (typeof MODES)[number];

/** What one form of statement does. */
interface Form {
  /** Named groups: `table`, or `index` where the table is that of an index; `other` is a table that it refers to. */
  readonly pattern: RegExp;
  readonly mode: LockMode | 'none';
  /** The lock on the table referred to. */
  readonly otherMode?: LockMode;
  /** Whether code of before goes on working: always, only for a reason that must be given, or not at all. */
  readonly keepsOldCode: 'always' | 'with reason' | 'never';
  /** `instant`: the same for every size of table. `whole table`: it reads or builds as much as there is. */
  readonly work: 'instant' | 'whole table' | 'in batches';
}

const CONSTANT_DEFAULT = String.raw`(?:'[^']*'|-?\d+|true|false|now\(\))`;
const TYPE = String.raw`[a-z]\w*(?:\(\d+\))?(?:\[\])?`;
const NEW_COLUMN = String.raw`add column \w+ ${TYPE}(?:(?: not null)? default ${CONSTANT_DEFAULT}| default ${CONSTANT_DEFAULT} not null)?`;

/**
 * The statements that a migration may consist of. What matches none is refused: either it rewrites or scans a table under a lock
 * that requests wait for (another type for a column; a default that differs from row to row), for which there are ways in several
 * steps, or nobody has thought about it yet.
 */
const FORMS: readonly Form[] = [
  form(String.raw`create table (?<table>\w+) \((?!.* references ).*`, 'none', 'always'),
  {
    ...form(String.raw`create table (?<table>\w+) \(.* references (?<other>\w+).*`, 'none', 'always'),
    otherMode: 'SHARE ROW EXCLUSIVE',
  },
  form(
    String.raw`create index concurrently (?<index>\w+) on (?<table>\w+) .*`,
    'SHARE UPDATE EXCLUSIVE',
    'always',
    'whole table',
  ),
  form(
    String.raw`create unique index concurrently (?<index>\w+) on (?<table>\w+) .*`,
    'SHARE UPDATE EXCLUSIVE',
    'with reason',
    'whole table',
  ),
  form(
    String.raw`create (?:unique )?index (?!concurrently)(?<index>\w+) on (?<table>\w+) .*`,
    'SHARE',
    'always',
    'whole table',
  ),
  form(String.raw`drop index concurrently (?<index>\w+)`, 'SHARE UPDATE EXCLUSIVE', 'with reason'),
  form(String.raw`drop index (?!concurrently)(?<index>\w+)`, 'ACCESS EXCLUSIVE', 'with reason'),
  alter(NEW_COLUMN, 'ACCESS EXCLUSIVE', 'always'),
  alter(String.raw`set \(fillfactor = \d+\)`, 'SHARE UPDATE EXCLUSIVE', 'always'),
  alter(String.raw`alter column \w+ set default .*`, 'ACCESS EXCLUSIVE', 'always'),
  alter(String.raw`add constraint \w+ check \(.*\) not valid`, 'ACCESS EXCLUSIVE', 'with reason'),
  alter(String.raw`validate constraint \w+`, 'SHARE UPDATE EXCLUSIVE', 'always', 'whole table'),
  alter(String.raw`alter column \w+ set not null`, 'ACCESS EXCLUSIVE', 'with reason'),
  alter(String.raw`alter column \w+ drop not null`, 'ACCESS EXCLUSIVE', 'with reason'),
  alter(String.raw`drop constraint \w+`, 'ACCESS EXCLUSIVE', 'with reason'),
  alter(String.raw`drop column \w+`, 'ACCESS EXCLUSIVE', 'never'),
  alter(String.raw`alter column \w+ drop default`, 'ACCESS EXCLUSIVE', 'never'),
  form(String.raw`drop table (?<table>\w+)`, 'ACCESS EXCLUSIVE', 'never'),
  form(String.raw`update (?<table>\w+) set .* where \(.*\)`, 'ROW EXCLUSIVE', 'always', 'in batches'),
];

/** What a step does to tables that were there before its migration. */
export interface Effect {
  /** Its strongest lock on each of them, by name. */
  readonly locks: ReadonlyMap<string, LockMode>;
  /** It runs outside a transaction, and builds or removes an index while the table is written. */
  readonly isConcurrent: boolean;
  readonly keepsOldCode: Form['keepsOldCode'];
  readonly work: Form['work'];
  /** Requests may have to wait for its locks, so it gets little time to have and to hold them. */
  readonly isFelt: boolean;
  /** A table or its rows are locked for as long as the table is large: not to be done while servers run. */
  readonly blocksForLong: boolean;
}

/** A statement is of no form that is known. */
export class UnknownStatement extends Error {
  constructor(sql: string) {
    super(`not a statement that a migration may consist of: ${sql}`);
    this.name = 'UnknownStatement';
  }
}

/** What a step of `migration` does; `all` are the migrations up to it, which say what table an index is of. */
export function effectOf(sql: string, migration: Migration, all: readonly Migration[]): Effect {
  const made = new Set(
    migration.steps.flatMap((step) => /^create table (\w+)/.exec(plain(sqlOf(step)))?.[1] ?? []),
  );
  const matches = formsOf(sql);
  const locks = new Map<string, LockMode>();
  const take = (table: string | undefined, mode: LockMode | 'none' | undefined) => {
    if (table === undefined || mode === undefined || mode === 'none' || made.has(table)) return;
    const before = locks.get(table);
    if (before === undefined || MODES.indexOf(mode) > MODES.indexOf(before)) locks.set(table, mode);
  };
  for (const { form, groups } of matches) {
    take(groups.table ?? tableOfIndex(groups.index, all), form.mode);
    take(groups.other, form.otherMode);
  }
  const isBlocking = [...locks.values()].some((mode) => MODES.indexOf(mode) >= MODES.indexOf('SHARE'));
  const work = worst<Form['work']>(
    matches.map(({ form }) => form.work),
    ['instant', 'in batches', 'whole table'],
  );
  return {
    locks,
    work,
    isConcurrent: / index concurrently /.test(plain(sql)),
    keepsOldCode: worst(
      matches.map(({ form }) => form.keepsOldCode),
      ['always', 'with reason', 'never'],
    ),
    isFelt: isBlocking || work === 'in batches',
    blocksForLong: isBlocking && work === 'whole table',
  };
}

/** The statement on one line, without comments. */
export function plain(sql: string): string {
  return sql.replace(/--.*$/gm, '').replace(/\s+/g, ' ').replace(/\( /g, '(').replace(/ \)/g, ')').trim();
}

/** `alter table` may do several things at once: each of them has a form. */
function formsOf(sql: string): readonly { form: Form; groups: Record<string, string | undefined> }[] {
  const text = plain(sql);
  const [, head, actions] = /^(alter table \w+ )(.*)$/.exec(text) ?? [];
  const parts =
    head !== undefined && actions !== undefined ? topLevel(actions).map((each) => head + each) : [text];
  return parts.map((part) => {
    for (const each of FORMS) {
      const groups = each.pattern.exec(part)?.groups;
      if (groups) return { form: each, groups };
    }
    throw new UnknownStatement(part);
  });
}

/** Splits at commas outside parentheses. */
function topLevel(list: string): readonly string[] {
  let depth = 0;
  const parts = [''];
  for (const letter of list) {
    if (letter === '(') depth += 1;
    if (letter === ')') depth -= 1;
    if (letter === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${letter}`);
  }
  return parts.map((part) => part.trim());
}

function tableOfIndex(index: string | undefined, all: readonly Migration[]): string | undefined {
  if (index === undefined) return undefined;
  const pattern = new RegExp(String.raw`^create (?:unique )?index (?:concurrently )?${index} on (\w+)`);
  for (const { steps } of all) {
    for (const step of steps) {
      const table = pattern.exec(plain(sqlOf(step)))?.[1];
      if (table !== undefined) return table;
    }
  }
  throw new UnknownStatement(`drop index ${index}, which no migration has made`);
}

function worst<Value>(found: readonly Value[], order: readonly [Value, ...Value[]]): Value {
  return order.toReversed().find((value) => found.includes(value)) ?? order[0];
}

function form(
  pattern: string,
  mode: Form['mode'],
  keepsOldCode: Form['keepsOldCode'],
  work: Form['work'] = 'instant',
): Form {
  return { pattern: new RegExp(`^${pattern}$`), mode, keepsOldCode, work };
}

function alter(
  action: string,
  mode: LockMode,
  keepsOldCode: Form['keepsOldCode'],
  work: Form['work'] = 'instant',
): Form {
  return form(String.raw`alter table (?<table>\w+) ${action}`, mode, keepsOldCode, work);
}
