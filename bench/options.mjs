import { parseArgs } from 'node:util';
import { WORKLOADS } from './workloads.mjs';

const USAGE = `Usage: npm run bench -- [options]
  --against NAME      what Stagedoor is next to: the bare server, or itself unobserved, without metrics and traces
                      (bare, unobserved; default bare)
  --workload NAME     ${Object.keys(WORKLOADS).join(', ')} (repeatable; default: all of them)
  --seconds N         length of one round (default 5)
  --rounds N          rounds of each server, one server after the other (default 4)
  --connections N     connections of the load generator (default 64)
  --generator NAME    wrk or autocannon (default: wrk where it is installed)
  --save              write the results to bench/results/latest.json
  --profile FOLDER    write a CPU profile of each server there; bench/read-profile.mjs reads it
`;

/** @typedef {ReturnType<typeof parseOptions>} Options */

/** The options of one run; prints the usage and ends the process where they make no sense. */
export function parseOptions(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        against: { type: 'string', default: 'bare' },
        workload: { type: 'string', multiple: true, default: Object.keys(WORKLOADS) },
        seconds: { type: 'string', default: '5' },
        rounds: { type: 'string', default: '4' },
        connections: { type: 'string', default: '64' },
        generator: { type: 'string' },
        save: { type: 'boolean', default: false },
        profile: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) leave(process.stdout, USAGE, 0);
    return {
      against: oneOf(['bare', 'unobserved'], values.against),
      workloads: [...new Set(values.workload)].map((name) => oneOf(Object.keys(WORKLOADS), name)),
      seconds: between(1, 60, values.seconds),
      rounds: between(1, 20, values.rounds),
      connections: between(1, 1000, values.connections),
      generator: values.generator && oneOf(['wrk', 'autocannon'], values.generator),
      save: values.save,
      profile: values.profile,
    };
  } catch (error) {
    return leave(process.stderr, `${error.message}\n\n${USAGE}`, 2);
  }
}

function between(least, most, text) {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`"${text}" is no whole number from ${least} to ${most}.`);
}

function oneOf(names, name) {
  if (names.includes(name)) return name;
  throw new Error(`"${name}" is none of: ${names.join(', ')}.`);
}

function leave(stream, text, code) {
  stream.write(text);
  process.exit(code);
}
