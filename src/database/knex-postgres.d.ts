declare module 'knex/lib/dialects/postgres/index.js' {
  import { Knex } from 'knex';

  /** The class behind `client: 'pg'`; Knex ships no types for it. */
  export default class Client_PG extends Knex.Client {
    _query(connection: object, obj: object): Promise<object>;
  }
}
