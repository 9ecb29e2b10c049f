// What a load generator sends: kinds of requests, each as often as its weight says. wrk.lua and autocannon.mjs run the same plan.

/**
 * Requests that differ in the end of their bodies at the most.
 * @typedef {object} Kind
 * @property {string} name
 * @property {number} weight its share; 0: sent as soon as an answer gave a value for it
 * @property {'GET' | 'POST'} method
 * @property {string} path or the whole URL
 * @property {string} [cookie]
 * @property {string} [prefix] the beginning of every body
 * @property {readonly string[]} [values] the ends; default: one, which is empty
 * @property {'cycle' | 'once'} [use] of the values: again and again (the default), or each once
 * @property {readonly string[]} [gives] captures that every good answer has
 * @property {string} [expects] what the answer to its first value has, asked before the load and after it
 */

/**
 * A part of an answer: what stands between two texts in its body or its Location header, where it has the first of them.
 * @typedef {object} Capture
 * @property {string} name
 * @property {'body' | 'location'} from
 * @property {string} after
 * @property {string} until
 * @property {string} [into] the kind whose next value it is; without, it is counted only
 */

/**
 * @typedef {object} Plan
 * @property {readonly Required<Kind>[]} kinds
 * @property {readonly Capture[]} captures
 * @property {readonly string[]} schedule names of kinds, in the order in which they are sent over and over
 */

/**
 * @param {readonly Kind[]} kinds
 * @param {readonly Capture[]} captures
 * @returns {Plan}
 */
export function makePlan(kinds, captures = []) {
  const complete = kinds.map((kind) => ({
    cookie: '',
    prefix: '',
    values: [''],
    use: 'cycle',
    gives: [],
    expects: '',
    ...kind,
  }));
  return { kinds: complete, captures, schedule: schedule(kinds) };
}

/** Each kind as often as its weight says and as evenly as it can be: the one that is most in arrears is next. */
function schedule(kinds) {
  const unit = kinds.reduce((divisor, { weight }) => greatestCommonDivisor(divisor, weight), 0);
  const turns = kinds.reduce((sum, { weight }) => sum + weight, 0) / unit;
  const arrears = new Map(kinds.map(({ name }) => [name, 0]));
  return Array.from({ length: turns }, () => {
    for (const { name, weight } of kinds) arrears.set(name, arrears.get(name) + weight / unit);
    const [next] = [...arrears].reduce((most, one) => (one[1] > most[1] ? one : most));
    arrears.set(next, arrears.get(next) - turns);
    return next;
  });
}

/**
 * The plan with the origin that its paths are of; a path may be a whole URL, since some servers listen on two ports.
 * @param {Plan} plan
 * @param {string} base the origin of paths that have none
 * @returns {{ origin: string, plan: Plan }}
 */
export function placePlan(plan, base) {
  const urls = plan.kinds.map(({ path }) => new URL(path, base));
  const origins = [...new Set(urls.map(({ origin }) => origin))];
  if (origins.length > 1) throw new Error(`no load generator can send to both ${origins.join(' and ')}`);
  const kinds = plan.kinds.map((kind, index) => ({
    ...kind,
    path: urls[index].pathname + urls[index].search,
  }));
  return { origin: origins[0], plan: { ...plan, kinds } };
}

/** As wrk.lua reads it: a line for each thing, its parts between tabs. */
export function planLines({ kinds, captures, schedule: turns }) {
  const lines = [
    ...kinds.flatMap(({ name, use, method, path, cookie, prefix, values }) => [
      ['kind', name, use, method, path, cookie, prefix],
      ...values.map((value) => ['value', value]),
    ]),
    ...captures.map(({ name, from, after, until, into = '' }) => ['capture', name, from, after, until, into]),
    ...kinds.filter(({ weight }) => weight === 0).map(({ name }) => ['at-once', name]),
    ...turns.map((name) => ['turn', name]),
  ];
  return lines.map((parts) => `${parts.join('\t')}\n`).join('');
}

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
