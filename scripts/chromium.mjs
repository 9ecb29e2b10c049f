// Where a Chromium lives on this machine. Node built-ins only: prepare.mjs runs before any package is installed.
import { delimiter, join } from 'node:path';
import { isExecutable } from './programs.mjs';

const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const FOLDERS = ['/usr/bin', '/usr/local/bin', '/snap/bin'];
const APPLICATIONS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export function findChromium(environment = process.env) {
  const chosen = environment.CHROMIUM_PATH;
  if (chosen) {
    if (!isExecutable(chosen))
      throw new Error(`CHROMIUM_PATH is ${chosen}, which is not an executable file.`);
    return chosen;
  }
  const folders = new Set([...FOLDERS, ...(environment.PATH || '').split(delimiter).filter(Boolean)]);
  const candidates = COMMANDS.flatMap((command) => [...folders].map((folder) => join(folder, command)));
  return [...candidates, ...APPLICATIONS].find(isExecutable);
}
