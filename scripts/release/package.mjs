// The npm package as it is published, and the list of what it brings along.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Packs the built server into a folder.
 * @param {string} folder
 * @returns {{ file: string, paths: string[], bytes: number }} the archive, and the files in it
 */
export function pack(folder) {
  const output = npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
  const [{ filename, files, size }] = JSON.parse(output);
  return { file: join(folder, filename), paths: files.map(({ path }) => path), bytes: size };
}

/**
 * A CycloneDX document of the server and the packages that it runs with, as the lock file has them. npm's own `--omit dev` leaves out
 * what both the server and a tool of development need, so the choice is made here.
 * @returns {object}
 */
export function billOfMaterials() {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  const all = JSON.parse(npm(args));
  const { name, packages } = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'));
  const shipped = new Set(Object.entries(packages).filter(isShipped).map(referenceOf));
  const root = all.metadata.component['bom-ref'];
  const components = all.components.filter((component) => shipped.has(component['bom-ref']));
  const missing = [...shipped].filter((reference) => !components.some((one) => one['bom-ref'] === reference));
  if (missing.length > 0) throw new Error(`npm sbom does not know ${missing.join(', ')}`);
  return {
    ...all,
    // npm takes the name of the folder for it.
    metadata: { ...all.metadata, component: { ...all.metadata.component, name } },
    components,
    dependencies: all.dependencies
      .filter(({ ref }) => ref === root || shipped.has(ref))
      .map(({ ref, dependsOn = [] }) => ({
        ref,
        dependsOn: dependsOn.filter((other) => shipped.has(other)),
      })),
  };
}

function isShipped([path, entry]) {
  return path !== '' && !entry.dev && !entry.devOptional;
}

function referenceOf([path, { name, version }]) {
  return `${name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`;
}

function npm(args) {
  return execFileSync('npm', args, { cwd: PROJECT, encoding: 'utf8', maxBuffer: 64 << 20 });
}
