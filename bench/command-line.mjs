import { parseArgs } from 'node:util';

/**
 * What a program was told on its command line, as `check` makes it. Prints the usage and ends the process where it is asked for, or
 * where an option is unknown or `check` throws.
 * @template T
 * @param {string} usage
 * @param {import('node:util').ParseArgsConfig} config `args` default to those of this process; `help` is added to the options
 * @param {(values: any) => T} check
 * @returns {T}
 */
export function readOptions(usage, config, check) {
  try {
    const options = { ...config.options, help: { type: /** @type {const} */ ('boolean'), default: false } };
    const { values } = parseArgs({ ...config, options });
    if (values.help) leave(process.stdout, usage, 0);
    return check(values);
  } catch (error) {
    return leave(process.stderr, `${error.message}\n\n${usage}`, 2);
  }
}

/** The whole number that a text says. Throws for others, and those beyond the bounds. */
export function between(least, most, text) {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`"${text}" is no whole number from ${least} to ${most}.`);
}

function leave(stream, text, code) {
  stream.write(text);
  process.exit(code);
}
