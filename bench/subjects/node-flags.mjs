import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** What `npm start` tells Node about its heap; every subject on Node gets the same. */
export const NODE_FLAGS = scripts.start.split(' ').filter((word) => /^--(?:max|heap|no)-/.test(word));
