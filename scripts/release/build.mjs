// Makes what a release has to offer for download, in dist-release: npm run release:build
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { billOfMaterials, pack } from './package.mjs';

const FOLDER = fileURLToPath(new URL('../../dist-release/', import.meta.url));

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER);
const { file, paths, bytes } = pack(FOLDER);
say(`${file}: ${paths.length} files, ${Math.round(bytes / 1000)} kB`);
const bill = billOfMaterials();
writeFileSync(file.replace(/\.tgz$/, '.cdx.json'), `${JSON.stringify(bill, undefined, 2)}\n`);
say(`its bill of materials names ${bill.components.length} packages`);
const sums = readdirSync(FOLDER).map((name) => `${sha256(join(FOLDER, name))}  ${name}\n`);
writeFileSync(join(FOLDER, 'SHA256SUMS'), sums.join(''));

function sha256(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function say(sentence) {
  process.stdout.write(`${sentence}\n`);
}
