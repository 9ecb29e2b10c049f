// The Dockerfile as a list of stages, and what is wrong with it. Only what this project's Dockerfile uses is understood;
// anything else is refused, so that nothing is proved by being skipped.
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';

const KNOWN = new Set(
  'ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL RUN STOPSIGNAL USER VOLUME WORKDIR'.split(' '),
);
const KNOWN_FLAGS = { COPY: ['from'], RUN: ['mount'], HEALTHCHECK: undefined };

/**
 * @typedef {{ name: string, steps: { keyword: string, text: string, flags: Record<string, string>, line: number }[] }} Stage
 */

/** @returns {Stage[]} */
export function readStages(text) {
  const args = new Map();
  const stages = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const step = stepOf(instruction, args);
    if (step.keyword === 'FROM') {
      const [, name = String(stages.length)] = / AS (\S+)$/i.exec(step.text) ?? [];
      stages.push({ name, steps: [step] });
      continue;
    }
    if (step.keyword === 'ARG') setArgument(step.text, args);
    stages.at(-1)?.steps.push(step);
  }
  return stages;
}

/** Everything that the linter and this project's own rules have against it, in sentences. */
export function problemsOf(text) {
  const faults = validate(text).map(({ range, message }) => `line ${range.start.line + 1}: ${message}`);
  const final = readStages(text).at(-1);
  const has = (keyword) => final.steps.filter((step) => step.keyword === keyword);
  const execForm = [...has('CMD'), ...has('ENTRYPOINT'), ...has('HEALTHCHECK')];
  const user = has('USER').at(-1)?.text ?? 'root';
  const after = final.steps.slice(final.steps.findIndex(({ keyword }) => keyword === 'USER') + 1);
  return [
    ...faults,
    ...['CMD', 'ENTRYPOINT', 'HEALTHCHECK', 'USER', 'VOLUME', 'LABEL']
      .filter((keyword) => has(keyword).length !== 1)
      .map((keyword) => `the last stage needs one ${keyword}`),
    ...execForm
      .filter(({ text: command }) => !command.replace(/^CMD /, '').startsWith('['))
      .map(({ line }) => `line ${line}: a shell would be needed; write the command as a JSON array`),
    ...(/^[1-9]\d*:[1-9]\d*$/.test(user) ? [] : [`USER ${user} is not a pair of numbers other than 0`]),
    ...after
      .filter(({ keyword }) => keyword === 'COPY' || keyword === 'RUN')
      .map(({ line }) => `line ${line}: what the server runs must not belong to the user it runs as`),
  ];
}

/** The words of a command in exec form. */
export function execForm(text) {
  return JSON.parse(text.replace(/^CMD /, ''));
}

/** The pairs of an ENV or LABEL. */
export function pairsOf(text) {
  const pairs = [...text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)];
  return Object.fromEntries(pairs.map(([, name, quoted, plain]) => [name, quoted ?? plain]));
}

function stepOf(instruction, args) {
  const keyword = instruction.getKeyword();
  const line = instruction.getRange().start.line + 1;
  if (!KNOWN.has(keyword)) throw new Error(`Dockerfile line ${line}: ${keyword} is not understood here`);
  const flags = {};
  for (const flag of instruction.getFlags?.() ?? []) {
    if (KNOWN_FLAGS[keyword] && !KNOWN_FLAGS[keyword].includes(flag.getName()))
      throw new Error(`Dockerfile line ${line}: --${flag.getName()} is not understood here`);
    flags[flag.getName()] = flag.getValue();
  }
  const words = instruction.getRawArgumentsContent() ?? '';
  const text = words
    .replace(/\\\r?\n\s*/g, '')
    .replace(/^(?:--\S+\s+)+/, '')
    .trim();
  // In a RUN or a command the shell replaces variables, where there is one.
  const isPlain = ['CMD', 'ENTRYPOINT', 'HEALTHCHECK', 'RUN'].includes(keyword);
  return { keyword, line, flags, text: isPlain ? text : replaceArguments(text, args) };
}

function setArgument(text, args) {
  const [name, value = ''] = text.split('=');
  args.set(name, value);
}

function replaceArguments(text, args) {
  return text.replace(/\$\{(\w+)\}/g, (whole, name) => args.get(name) ?? whole);
}
