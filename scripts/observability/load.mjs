// A little of everything that clients, people and attackers send, until it is stopped.
import { setTimeout as sleep } from 'node:timers/promises';
import { Browser, post } from '../../bench/requests.mjs';

const CHAINS = 4;
const ISSUERS = 4;
const THEFTS = 12;

/**
 * Starts the load on a server from bench/subjects/stagedoor.mjs. What fails is part of it: nothing here throws.
 * @returns {Promise<{ answers: Map<number, number>, stop(): Promise<void> }>} answers: of the token endpoint, by status
 */
export async function startLoad({ base, client, refreshTokens }) {
  const answers = new Map();
  const token = async (fields, as = client) => {
    const body = new URLSearchParams({ ...as, ...fields });
    const response = await fetch(`${base}/oauth/token`, { method: 'POST', body });
    answers.set(response.status, (answers.get(response.status) ?? 0) + 1);
    return response.json();
  };
  const issue = () => token({ grant_type: 'client_credentials' });
  const rotate = (refreshToken) => token({ grant_type: 'refresh_token', refresh_token: refreshToken });
  const chain = await refreshTokens(CHAINS);
  const stolen = await refreshTokens(THEFTS);

  let isOver = false;
  const every = async (ms, work) => {
    while (!isOver) {
      await work().catch(() => undefined);
      await sleep(ms);
    }
  };
  const running = [
    ...Array.from({ length: ISSUERS }, () =>
      every(40, async () => {
        const { access_token: issued } = await issue();
        await post(`${base}/oauth/introspect`, client, { token: issued });
      }),
    ),
    ...chain.map((_, index) =>
      every(300, async () => {
        const { refresh_token: successor } = await rotate(chain[index]);
        chain[index] = successor ?? chain[index];
      }),
    ),
    every(500, async () => {
      const { access_token: issued } = await issue();
      await post(`${base}/oauth/revoke`, client, { token: issued });
    }),
    every(250, () =>
      Promise.all(['/ready', '/health', '/.well-known/jwks.json'].map((path) => fetch(base + path))),
    ),
    // A person who signs in; and one who does not know the password.
    every(4000, () => refreshTokens(1)),
    every(3000, () =>
      new Browser().signIn(new URL('/account', base), { username: 'admin', password: 'a guess' }),
    ),
    // A wrong secret, a token of nobody, and a thief who comes with a refresh token that was used long ago.
    every(500, () => token({ grant_type: 'client_credentials' }, { ...client, client_secret: 'a guess' })),
    every(500, () => fetch(`${base}/oauth/userinfo`, { headers: { authorization: 'Bearer a.guess.only' } })),
    every(1500, async () => {
      const first = stolen.pop();
      if (first === undefined) return;
      const { refresh_token: second } = await rotate(first);
      await rotate(second);
      await rotate(first);
    }),
  ];
  return {
    answers,
    stop: async () => {
      isOver = true;
      await Promise.all(running);
    },
  };
}
