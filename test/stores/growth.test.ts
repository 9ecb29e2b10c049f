import { beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { fillDatabase } from '../../bench/fill.mjs';
import { TokenSweepStore } from '../../src/actors/token/sweep-store.ts';
import type { Queries, Statement } from '../../src/database/database.ts';
import { OTHERS, TOKEN_PATH, type PlanCase } from './plan-cases.ts';
import { onPostgres } from '../support/backends.ts';

const COUNTS = { clients: 100_000, users: 100_000, tokens: 1_000_000, grants: 100_000, events: 200_000 };
const FILL_TIMEOUT_MS = 240_000;

interface Plan {
  readonly 'Node Type': string;
  readonly 'Parent Relationship'?: string;
  readonly 'Subplan Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly Plan[];
}

// Which tables a query would read from one end to the other must be the same where they are as large as they may become and
// where they are empty: a plan that was prepared for the one may go on to be used with the other.
describe.each(['empty', 'empty and vacuumed', 'full'])('in a database that is %s', (state) => {
  onPostgres((backend) => {
    beforeAll(async () => {
      await new TokenSweepStore(backend.databases[0].queriesOf('test')).ensurePartitions(new Date(), 'wait');
      if (state === 'empty and vacuumed') await backend.rows('vacuum analyze');
      if (state !== 'full') return;
      // Without the time limits that statements of the server have.
      const filler = new pg.Client(backend.url);
      await filler.connect();
      await fillDatabase((sql) => filler.query(sql), COUNTS);
      await filler.end();
    }, FILL_TIMEOUT_MS);

    /** Runs `work` with queries that also keep what they were asked. */
    const asked = async (work: (queries: Queries) => Promise<unknown>) => {
      const statements: { statement: Statement; bindings: readonly unknown[] }[] = [];
      const watched = (queries: Pick<Queries, 'query'>): Pick<Queries, 'query'> => ({
        query: (statement, bindings = []) => {
          statements.push({ statement, bindings });
          return queries.query(statement, bindings);
        },
      });
      const queries = backend.databases[0].queriesOf('test');
      await work({
        ...watched(queries),
        transaction: (inside) => queries.transaction((held) => inside(watched(held))),
        exclusively: (lock, mode, inside) => queries.exclusively(lock, mode, (held) => inside(watched(held))),
      });
      expect(statements.length).toBeGreaterThan(0);
      return statements;
    };

    /** The tables that a statement reads from end to end, planned with its values and, as a prepared one may be, without. */
    const readWhole = async (
      statement: Statement,
      bindings: readonly unknown[],
      allowed: 'keys' | 'ranges' = 'ranges',
    ) => {
      let number = 0;
      const numbered = statement.sql.replaceAll('?', () => `$${++number}`);
      const generic = await backend.rows<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `explain (format json, verbose, generic_plan) ${numbered}`,
      );
      const withValues = await backend.rows<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `explain (format json, verbose) ${statement.sql}`,
        bindings,
      );
      return [...generic, ...withValues].flatMap((row) =>
        readFromEndToEnd(row['QUERY PLAN'][0].Plan, allowed),
      );
    };

    const flat = async (work: PlanCase[1], allowed: 'keys' | 'ranges') => {
      for (const { statement, bindings } of await asked(work)) {
        const read = await readWhole(statement, bindings, allowed);
        expect({ [statement.name]: read }).toEqual({ [statement.name]: [] });
      }
    };

    test.each(TOKEN_PATH)('only rows with the key are read for %s', (_what, work) => flat(work, 'keys'));

    if (state !== 'empty and vacuumed') {
      test.each(OTHERS)('no table is read from end to end for %s', (_what, work) => flat(work, 'ranges'));
    }

    test('the check finds a table that is read from end to end', async () => {
      const statement = { name: 'bad', sql: 'select 1 from clients where client_name = ?::text' };
      expect(await readWhole(statement, ['x'])).toContain('clients');
    });

    test.each([
      'select 1 from unnest(?::text[]) as one (key) join unnest(?::text[]) as other (key) using (key)',
      'select 1 from unnest(?::text[]) as one (key) join (select unnest(?::text[]) as key) as other using (key)',
      `with one as (select unnest(?::text[]) as key), other as materialized (select unnest(?::text[]) as key)
       select exists (select from other where other.key = one.key offset 0) from one`,
      `select 1 from unnest(?::text[]) as one (key)
       join clients on clients.client_id = any(?::text[]) and clients.client_id = one.key || '' `,
    ])('the check finds two sets that are compared each with each: %s', async (sql) => {
      expect(await readWhole({ name: 'bad', sql }, [['x'], ['x']])).toContain('each with each');
    });
  });
});

/** An index that has just the rows in question. */
const ADMINS = 'users_who_are_admins';

/** Also by an index that is gone through from its beginning, or over a range of which nobody knows how long it is. */
function readFromEndToEnd(plan: Plan, allowed: 'keys' | 'ranges'): string[] {
  const node = plan['Node Type'];
  const condition = plan['Index Cond'] ?? '';
  const isNarrow = allowed === 'keys' ? condition.includes(' = ') : condition !== '';
  const isWhole =
    node === 'Seq Scan' || (/Index (Only )?Scan$/.test(node) && !isNarrow && plan['Index Name'] !== ADMINS);
  const own = [
    ...(isWhole || /^(Hash|Merge) Join$/.test(node) ? [plan['Relation Name'] ?? node] : []),
    ...(joinsEachWithEach(plan) ? ['each with each'] : []),
  ];
  return [...own, ...(plan.Plans ?? []).flatMap((child) => readFromEndToEnd(child, allowed))];
}

/** Goes, for each of what a statement was sent or has found, through all of such: with many at once, their square. */
function joinsEachWithEach(plan: Plan): boolean {
  const [outer, inner] = [childrenOf(plan, 'Outer'), childrenOf(plan, 'Inner')];
  const isJoin = plan['Node Type'] === 'Nested Loop' && outer.some(isSet) && inner.some(isSet);
  return isJoin || childrenOf(plan, 'SubPlan').some((child) => isSet(child) && !isHashed(plan, child));
}

/** Of a binding or of what was found; not one that is made of the columns of a row. */
const WHOLE_ARRAY = /= ANY \(+(\$\d|InitPlan|'\{)/;

/** Not what is found by a key, which is another one for each. */
function isSet(plan: Plan): boolean {
  return (
    /^((CTE|Function|Table Function|Values) Scan|ProjectSet)$/.test(plan['Node Type']) ||
    WHOLE_ARRAY.test(plan['Index Cond'] ?? '') ||
    ['Outer', 'Subquery', 'Member'].some((relationship) => childrenOf(plan, relationship).some(isSet))
  );
}

/** Made once, and looked up for each. */
function isHashed(plan: Plan, child: Plan): boolean {
  return JSON.stringify({ ...plan, Plans: [] }).includes(`hashed ${child['Subplan Name']})`);
}

function childrenOf(plan: Plan, relationship: string): readonly Plan[] {
  return (plan.Plans ?? []).filter((child) => child['Parent Relationship'] === relationship);
}
