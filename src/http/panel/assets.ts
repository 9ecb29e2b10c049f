import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NextFunction, Request, Response } from 'express';
import { makeAsset, sendAsset, type Asset } from '../static-asset.ts';
import { panelStylesheet } from './style/panel-stylesheet.ts';

/** Where the compiled sources are, which the addresses mirror, so that the modules' relative imports hold. */
const SOURCES = fileURLToPath(new URL('../..', import.meta.url));
const BROWSER = 'http/panel/browser';
/** Rules of the protocol that the browser checks before it asks: the same modules, not copies of them. */
const SHARED = ['oauth/redirect-uri.js'];

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';
const MAX_AGE_SECONDS = 31_536_000;

export interface PanelAssets {
  readonly files: ReadonlyMap<string, Asset>;
  readonly stylesheet: string;
  readonly main: string;
  /** All modules, so that the browser fetches them at once rather than import by import. */
  readonly modules: readonly string[];
}

/**
 * Reads what the panel's pages load. The list is fixed here, by what the build made, and each address carries a hash over
 * all of it: a page never runs one version's module with another's, and what was fetched once may be kept for good.
 */
export async function readPanelAssets(): Promise<PanelAssets> {
  const modules = [...(await namesIn(BROWSER)), ...SHARED];
  const scripts = modules.map(async (name) => [name, await script(join(SOURCES, name))] as const);
  const sources = new Map<string, Source>([
    ...(await Promise.all(scripts)),
    ['chart.js', await script(chartFile())],
    ['panel.css', { type: STYLE, body: Buffer.from(panelStylesheet) }],
  ]);
  const base = `/assets/panel/${hashOf(sources)}/`;
  const files = [...sources].map(
    async ([name, { type, body }]) => [base + name, await makeAsset(type, body)] as const,
  );
  return {
    files: new Map(await Promise.all(files)),
    stylesheet: `${base}panel.css`,
    main: `${base}${BROWSER}/main.js`,
    modules: modules.map((name) => base + name),
  };
}

type Source = Pick<Asset, 'type' | 'body'>;

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(join(SOURCES, folder));
  return names
    .filter((name) => name.endsWith('.js'))
    .sort()
    .map((name) => `${folder}/${name}`);
}

async function script(file: string): Promise<Source> {
  return { type: SCRIPT, body: await readFile(file) };
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

/** GET /assets/panel/…: one of the files that were read, and nothing else. */
export function assetRoute(assets: () => Promise<PanelAssets>) {
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const asset = (await assets()).files.get(request.path);
    if (!asset) next();
    else
      sendAsset(request, response, asset, {
        'cache-control': `public, max-age=${MAX_AGE_SECONDS}, immutable`,
      });
  };
}
