/**
 * The path of a Chromium or Chrome: `CHROMIUM_PATH`, else the usual places and the PATH, else undefined.
 * @throws when `CHROMIUM_PATH` names something that cannot be executed
 */
export function findChromium(environment?: Readonly<Record<string, string | undefined>>): string | undefined;
