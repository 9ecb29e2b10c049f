// JSON schemas for kubeconform, from what Kubernetes and the operators publish in their Go modules.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { goModule } from '../go.mjs';

/** The last three minor versions. */
export const KUBERNETES = ['1.35.4', '1.36.3', '1.37.2'];

/** Where the definitions of custom resources lie. */
const CUSTOM = [
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    folder: 'example/prometheus-operator-crd',
  },
  { module: 'sigs.k8s.io/gateway-api@v1.4.1', folder: 'config/crd/standard' },
  { module: 'github.com/external-secrets/external-secrets@v0.16.2', folder: 'config/crds/bases' },
];

/** Two types that are written in more ways than their schema says. */
const LENIENT = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: ['string', 'integer'] },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: ['string', 'number'] },
};

/**
 * Writes a schema for each kind, in a folder for each version of Kubernetes.
 * @param {string} folder
 * @param {Set<string>} wanted `apiVersion/Kind`
 * @returns {string[]} the kinds that no module knows
 */
export function writeSchemas(folder, wanted) {
  const known = new Set();
  const custom = CUSTOM.flatMap(customSchemas).filter(({ kind }) => wanted.has(kind));
  for (const version of KUBERNETES) {
    const target = join(folder, version);
    mkdirSync(target, { recursive: true });
    for (const { kind, schema } of [...kubernetesSchemas(version, wanted), ...custom]) {
      known.add(kind);
      writeFileSync(join(target, fileName(kind)), JSON.stringify(schema));
    }
  }
  return [...wanted].filter((kind) => !known.has(kind)).sort();
}

/** As kubeconform's template {{.ResourceKind}}{{.KindSuffix}} names it. */
function fileName(kind) {
  const [name, ...rest] = kind.split('/').reverse();
  const [version, group] = rest;
  const parts = group === undefined ? [name, version] : [name, group.split('.')[0], version];
  return `${parts.join('-').toLowerCase()}.json`;
}

function kubernetesSchemas(version, wanted) {
  const module = `k8s.io/kubernetes@v${version}`;
  const { definitions } = JSON.parse(
    readFileSync(join(requireModule(module), 'api/openapi-spec/swagger.json'), 'utf8'),
  );
  return Object.entries(definitions).flatMap(([name, definition]) => {
    const kinds = (definition['x-kubernetes-group-version-kind'] ?? []).map(
      ({ group, version: apiVersion, kind }) => [group, apiVersion, kind].filter(Boolean).join('/'),
    );
    const kind = kinds.find((candidate) => wanted.has(candidate));
    return kind
      ? [{ kind, schema: { $ref: `#/definitions/${name}`, definitions: closure(name, definitions) } }]
      : [];
  });
}

/** A definition and all that it refers to, refusing fields that are not named. */
function closure(name, definitions, found = {}) {
  if (found[name]) return found;
  found[name] = LENIENT[name] ?? strict(definitions[name]);
  for (const [, other] of JSON.stringify(found[name]).matchAll(/"#\/definitions\/([^"]+)"/g))
    closure(other, definitions, found);
  return found;
}

function customSchemas({ module, folder }) {
  const directory = join(requireModule(module), folder);
  const files = readdirSync(directory).filter((file) => file.endsWith('.yaml'));
  const documents = files.flatMap((file) =>
    parseAllDocuments(readFileSync(join(directory, file), 'utf8'), { logLevel: 'silent' }),
  );
  return documents
    .map((document) => document.toJS())
    .filter((definition) => definition?.kind === 'CustomResourceDefinition')
    .flatMap(({ spec }) =>
      spec.versions.map(({ name, schema }) => ({
        kind: `${spec.group}/${name}/${spec.names.kind}`,
        schema: strict(schema.openAPIV3Schema),
      })),
    );
}

function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  const isOpen = copy.additionalProperties !== undefined || copy['x-kubernetes-preserve-unknown-fields'];
  const isObject = copy.type === 'object' && typeof copy.properties === 'object';
  return isObject && !isOpen ? { ...copy, additionalProperties: false } : copy;
}

function requireModule(module) {
  const folder = goModule(module);
  if (folder === undefined) throw new Error(`the Go module ${module} cannot be fetched`);
  return folder;
}
