// People who are on their way through a login, a consent or a code while the replica that they talked to is restarted.
import { Browser } from '../../bench/requests.mjs';
import { codeRequest } from '../../bench/subjects/code-request.mjs';
import { callerAt } from './caller.mjs';

/**
 * @typedef {object} World
 * @property {string} issuer
 * @property {typeof fetch} call
 * @property {{ username: string, password: string }} person
 * @property {{ client_id: string, client_secret: string }} client of the operator's own
 * @property {{ client_id: string, client_secret: string }} stranger a client for which people are asked
 */

/**
 * Begins a journey of each kind at one replica; each then goes on wherever it is told to.
 * @param {World} world
 * @param {{ base: string }} replica
 */
export async function beginJourneys(world, replica) {
  const here = callerAt(world.call, replica.base);
  return {
    login: await openLogin(world, here),
    secondLogin: await openLogin(world, here),
    consent: await openConsent(world, here),
    code: await fetchCode(world, here),
  };
}

/**
 * A login page that was opened: post the password, get the code, redeem it.
 * @param {World} world
 */
async function openLogin(world, here) {
  const traveller = new Traveller(here);
  const { url, redemption } = codeRequest(`${world.issuer}/oauth/authorize`, world.client.client_id);
  const page = await traveller.browser.openBehind(url);
  expectStatus(page, 200, 'the login page');
  return async (there, redeemAt = there) => {
    traveller.goOnAt(there);
    const answer = await traveller.browser.submit(page, world.person);
    if (answer.location === undefined) throw new Error(`the login was refused: ${answer.status}`);
    const { location } = await traveller.browser.request(answer.location);
    await redeem(redeemAt, world.issuer, world.client, redemption, location);
  };
}

/**
 * A consent page that was opened, in a session begun here: allow it, get the code, redeem it.
 * @param {World} world
 */
async function openConsent(world, here) {
  const traveller = new Traveller(here);
  await traveller.browser.signIn(new URL('/account', world.issuer), world.person);
  const request = codeRequest(`${world.issuer}/oauth/authorize`, world.stranger.client_id, {
    prompt: 'consent',
  });
  const page = await traveller.browser.request(request.url);
  expectStatus(page, 200, 'the consent page');
  return async (there, redeemAt = there) => {
    traveller.goOnAt(there);
    const { location } = await traveller.browser.submit(page, { decision: 'allow' });
    await redeem(redeemAt, world.issuer, world.stranger, request.redemption, location);
    const account = await traveller.browser.request(new URL('/account', world.issuer));
    expectStatus(account, 200, 'the account page of a session begun at another replica');
  };
}

/**
 * A code that one replica issued.
 * @param {World} world
 */
async function fetchCode(world, here) {
  const { browser } = new Traveller(here);
  await browser.signIn(new URL('/account', world.issuer), world.person);
  const { url, redemption } = codeRequest(`${world.issuer}/oauth/authorize`, world.client.client_id);
  const { location } = await browser.request(url);
  return (there) => redeem(there, world.issuer, world.client, redemption, location);
}

async function redeem(call, issuer, client, redemption, location) {
  const code = location?.searchParams.get('code');
  if (!code) throw new Error(`there is no code, but ${location ?? 'no redirect'}`);
  const body = new URLSearchParams({ ...client, ...redemption, code });
  const answer = await call(`${issuer}/oauth/token`, { method: 'POST', body });
  if (!answer.ok) throw new Error(`the code was refused: ${answer.status} ${await answer.text()}`);
}

/** A browser whose requests can be sent elsewhere in the middle of its way. */
class Traveller {
  browser = new Browser((url, init) => this.#call(url, init));
  #call;

  constructor(call) {
    this.#call = call;
  }

  goOnAt(call) {
    this.#call = call;
  }
}

function expectStatus({ status, text }, wanted, what) {
  if (status !== wanted) throw new Error(`${what}: ${status} ${text.slice(0, 200)}`);
}
