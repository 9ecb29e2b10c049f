// What is wrong with docker-compose.yml, by Compose's own schema where it can be had, and by this project's rules.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { goModule } from '../go.mjs';

const SCHEMA_MODULE = 'github.com/compose-spec/compose-go/v2@v2.16.2';

/** Problems in sentences; and whether the schema was there to be asked. */
export function composeProblems(project) {
  const text = readFileSync(join(project, 'docker-compose.yml'), 'utf8');
  const compose = parse(text, { merge: true });
  const schema = composeSchema();
  return {
    schemaKnown: schema !== undefined,
    problems: [
      ...(schema ? schemaProblems(schema, compose) : []),
      ...secretProblems(text, readFileSync(join(project, '.env.example'), 'utf8')),
      ...mountProblems(project, compose),
      ...healthProblems(compose),
    ],
  };
}

function composeSchema() {
  const folder = goModule(SCHEMA_MODULE);
  return folder && JSON.parse(readFileSync(join(folder, 'schema/compose-spec.json'), 'utf8'));
}

function schemaProblems(schema, compose) {
  const validate = new Ajv2020({
    strict: false,
    allErrors: true,
    logger: false,
    validateFormats: false,
  }).compile(schema);
  if (validate(compose)) return [];
  return validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** A secret with a default, or with one in the sample file, would reach production. */
function secretProblems(text, sample) {
  const variables = [...text.matchAll(/\$\{(\w+)([^}]*)\}/g)];
  const secrets = variables.filter(([, name]) => /SECRET|PASSWORD|TOKEN|KEY/.test(name));
  return [
    ...secrets
      .filter(([, , rest]) => !rest.startsWith(':?'))
      .map(([whole]) => `${whole} must be required, with :?`),
    ...new Set(
      secrets
        .filter(([, name]) => !new RegExp(`^${name}=$`, 'm').test(sample))
        .map(([, name]) => `.env.example must have ${name}, and no value for it`),
    ),
  ];
}

function mountProblems(project, { services }) {
  const mounts = Object.values(services).flatMap(({ volumes = [] }) => volumes);
  const sources = mounts.map((mount) => mount.split(':')[0]).filter((source) => source.startsWith('./'));
  return sources
    .filter((source) => !existsSync(join(project, source)))
    .map((source) => `${source} is mounted, but is not there`);
}

/** Who waits for a service to be healthy needs it to say so; Stagedoor's image has its check built in. */
function healthProblems({ services }) {
  return Object.values(services).flatMap(({ depends_on: others = {} }) =>
    Object.entries(others)
      .filter(
        ([name, { condition }]) =>
          condition === 'service_healthy' && !services[name].healthcheck && !services[name].build,
      )
      .map(([name]) => `${name} has no health check`),
  );
}
