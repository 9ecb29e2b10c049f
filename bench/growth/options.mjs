import { between, readOptions } from '../command-line.mjs';

const USAGE = `Usage: npm run bench:growth -- [options]
  --clients N,N,…     registered clients at each step (default 1000,100000,1000000)
  --tokens N,N,…      stored access tokens at each step (default 10000,1000000,10000000)
  --workload NAME     issue, introspect, refresh, code, mix (repeatable; default: all of them)
  --connections N     requests under way at once (default 8)
  --seconds N         length of one measurement (default 6)
  --rounds N          measurements of each workload at each step; the median counts (default 6)
  --no-save           print the figures, and leave bench/results and docs as they are
`;

const WORKLOADS = ['issue', 'introspect', 'refresh', 'code', 'mix'];

/** @typedef {ReturnType<typeof parseOptions>} Options */

/** The options of one run; prints the usage and ends the process where they make no sense. */
export function parseOptions(args) {
  const config = {
    args,
    allowNegative: true,
    options: {
      clients: { type: 'string', default: '1000,100000,1000000' },
      tokens: { type: 'string', default: '10000,1000000,10000000' },
      workload: { type: 'string', multiple: true, default: WORKLOADS },
      connections: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '6' },
      rounds: { type: 'string', default: '6' },
      save: { type: 'boolean', default: true },
    },
  };
  return readOptions(USAGE, config, (values) => {
    const [clients, tokens] = [values.clients, values.tokens].map((list) =>
      list.split(',').map((text) => between(1, 100_000_000, text)),
    );
    if (clients.length !== tokens.length) {
      throw new Error('--clients and --tokens need as many numbers each.');
    }
    if (!isRising(clients) || !isRising(tokens)) throw new Error('Each step must be larger than the last.');
    return {
      steps: clients.map((count, step) => ({ clients: count, tokens: tokens[step] })),
      workloads: values.workload.map(knownWorkload),
      connections: between(1, 200, values.connections),
      seconds: between(1, 60, values.seconds),
      rounds: between(1, 20, values.rounds),
      save: values.save,
    };
  });
}

function isRising(numbers) {
  return numbers.every((number, index) => index === 0 || number > numbers[index - 1]);
}

function knownWorkload(name) {
  if (WORKLOADS.includes(name)) return name;
  throw new Error(`"${name}" is none of: ${WORKLOADS.join(', ')}.`);
}
