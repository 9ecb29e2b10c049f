/** The folder of PostgreSQL's server and client programs, if they are installed. */
export function findPostgresPrograms(
  environment?: Readonly<Record<string, string | undefined>>,
): string | undefined;
