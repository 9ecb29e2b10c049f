/**
 * What a query may ask for without an answer on a server that is well, and why. The first that is part of a query counts.
 * untilTheDatabaseIsAway: after that there must be an answer.
 */
export const MAY_BE_EMPTY = [
  {
    query: 'oauth2_server_db_queries_total{job=~".*",instance=~".*",outcome="failed"',
    why: 'no statement fails',
    untilTheDatabaseIsAway: true,
  },
  {
    query: 'oauth2_server_db_queries_total{outcome="failed"}',
    why: 'no statement fails',
    untilTheDatabaseIsAway: true,
  },
  {
    query: 'route="/oauth/token",status=~"5.."',
    why: 'no token request fails',
    untilTheDatabaseIsAway: true,
  },
  { query: 'route="/ready",status!="200"', why: 'the server is ready', untilTheDatabaseIsAway: true },
  { query: 'up{job=~".*",instance=~".*"} == 0', why: 'every target answers the scrape' },
  { query: 'outcome=~"rejected|expired"', why: 'no mailbox is full: this load is far too small' },
  { query: 'message="sweep"', why: 'it comes at the start and every ten minutes' },
];
