import { between, readOptions } from './command-line.mjs';
import { DEFAULT_SUBJECTS, SUBJECTS } from './subjects/registry.mjs';
import { WORKLOADS } from './workloads.mjs';

const CONNECTIONS = [1, 16, 64, 512];
const DEFAULT_WORKLOADS = ['issue', 'introspect', 'refresh'];
const USAGE = `Usage: npm run bench -- [options]
  --subject NAME      ${SUBJECTS.join(', ')}
                      (repeatable; default: of ${DEFAULT_SUBJECTS.join(', ')}
                      the ones that this machine can run)
  --workload NAME     ${Object.keys(WORKLOADS).join(', ')}
                      (repeatable, or all; default: ${DEFAULT_WORKLOADS.join(', ')})
  --connections N     connections of the load generator (repeatable, or all for ${CONNECTIONS.join(', ')}; default 64)
  --seconds N         length of one round (default 5)
  --rounds N          rounds of each subject, one subject after the other (default 4)
  --warm-up N         seconds of load before the first round (default 3)
  --tokens N          how many different tokens introspection asks about, in turn (default 500)
  --generator NAME    wrk or autocannon (default: wrk where it is installed)
  --node VERSION      run all subjects for Node on this major version, taken from the npm registry, or on the binary
                      with this absolute path (default: the Node that runs the benchmark)
  --save NAME         write the results to bench/results/NAME.json, beside what is there from the same machine and Node
  --goals             print what this project wants to reach, and whether it does
  --json              print the results as JSON instead of tables
  --profile FOLDER    write a CPU profile of each server there; bench/read-profile.mjs reads it
`;
const repeatable = { type: 'string', multiple: true };

/** @typedef {ReturnType<typeof parseOptions>} Options */

/** The options of one run; prints the usage and ends the process where they make no sense. */
export function parseOptions(args) {
  const config = {
    args,
    options: {
      subject: { ...repeatable, default: DEFAULT_SUBJECTS },
      workload: { ...repeatable, default: DEFAULT_WORKLOADS },
      connections: { ...repeatable, default: ['64'] },
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '4' },
      'warm-up': { type: 'string', default: '3' },
      tokens: { type: 'string', default: '500' },
      generator: { type: 'string' },
      node: { type: 'string' },
      save: { type: 'string' },
      goals: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  };
  return readOptions(USAGE, config, (values) => {
    return {
      ...values,
      subjects: each(values.subject, SUBJECTS),
      workloads: each(values.workload, Object.keys(WORKLOADS)),
      connections: each(values.connections, CONNECTIONS.map(String), (text) => between(1, 1000, text)).map(
        Number,
      ),
      seconds: between(1, 900, values.seconds),
      rounds: between(1, 20, values.rounds),
      warmUpSeconds: between(0, 60, values['warm-up']),
      tokens: between(1, 10_000, values.tokens),
      generator: values.generator && oneOf(['wrk', 'autocannon'], values.generator),
      save: values.save && fileName(values.save),
    };
  });
}

/** What was named, each once; `all` names everything. */
function each(named, all, check = (name) => oneOf(all, name)) {
  return named.includes('all') ? all : [...new Set(named)].map(check);
}

function oneOf(names, name) {
  if (names.includes(name)) return name;
  throw new Error(`"${name}" is none of: ${names.join(', ')}.`);
}

function fileName(name) {
  if (/^[\w.-]+$/.test(name)) return name;
  throw new Error(`"${name}" is no name of a file.`);
}
