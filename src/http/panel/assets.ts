import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { NextFunction, Request, Response } from 'express';
import { panelStylesheet } from './style/panel-stylesheet.ts';

/** Where the compiled sources are, which the addresses mirror, so that the modules' relative imports hold. */
const SOURCES = fileURLToPath(new URL('../..', import.meta.url));
const BROWSER = 'http/panel/browser';
/** Rules of the protocol that the browser checks before it asks: the same modules, not copies of them. */
const SHARED = ['oauth/redirect-uri.js'];

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';
const MAX_AGE_SECONDS = 31_536_000;
const SMALLEST_TO_COMPRESS = 1024;

export interface PanelAssets {
  readonly files: ReadonlyMap<string, Asset>;
  readonly stylesheet: string;
  readonly main: string;
  /** All modules, so that the browser fetches them at once rather than import by import. */
  readonly modules: readonly string[];
}

interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly compressed: Buffer;
}

/**
 * Reads what the panel's pages load. The list is fixed here, by what the build made, and each address carries a hash over
 * all of it: a page never runs one version's module with another's, and what was fetched once may be kept for good.
 */
export function readPanelAssets(): PanelAssets {
  const modules = [...namesIn(BROWSER), ...SHARED];
  const sources = new Map<string, Source>([
    ...modules.map((name): [string, Source] => [name, script(join(SOURCES, name))]),
    ['chart.js', script(chartFile())],
    ['panel.css', { type: STYLE, body: Buffer.from(panelStylesheet) }],
  ]);
  const base = `/assets/panel/${hashOf(sources)}/`;
  return {
    files: new Map([...sources].map(([name, source]) => [base + name, compress(source)])),
    stylesheet: `${base}panel.css`,
    main: `${base}${BROWSER}/main.js`,
    modules: modules.map((name) => base + name),
  };
}

type Source = Pick<Asset, 'type' | 'body'>;

function namesIn(folder: string): string[] {
  const names = readdirSync(join(SOURCES, folder)).filter((name) => name.endsWith('.js'));
  return names.sort().map((name) => `${folder}/${name}`);
}

function script(file: string): Source {
  return { type: SCRIPT, body: readFileSync(file) };
}

/** The build of Chart.js that needs nothing else, which its package does not export by name. */
function chartFile(): string {
  const { resolve } = createRequire(import.meta.url);
  return join(dirname(resolve('chart.js')), 'chart.umd.min.js');
}

function hashOf(sources: ReadonlyMap<string, Source>): string {
  const hash = createHash('sha256');
  for (const [name, { body }] of sources) hash.update(`${name}\0${body.length}\0`).update(body);
  return hash.digest('hex').slice(0, 16);
}

function compress({ type, body }: Source): Asset {
  return { type, body, compressed: body.length < SMALLEST_TO_COMPRESS ? body : gzipSync(body) };
}

/** GET /assets/panel/…: one of the files read at start, and nothing else. */
export function assetRoute({ files }: PanelAssets) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const asset = files.get(request.path);
    if (!asset) {
      next();
      return;
    }
    const zipped = asset.compressed !== asset.body && /\bgzip\b/.test(request.get('accept-encoding') ?? '');
    const body = zipped ? asset.compressed : asset.body;
    response.writeHead(200, {
      'content-type': asset.type,
      'content-length': body.length,
      ...(zipped && { 'content-encoding': 'gzip' }),
      'cache-control': `public, max-age=${MAX_AGE_SECONDS}, immutable`,
      vary: 'accept-encoding',
      'x-content-type-options': 'nosniff',
    });
    response.end(body);
  };
}
