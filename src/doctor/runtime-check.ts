import { failed, ok, warning, type Finding } from './finding.ts';

/** Until when a major version of Node gets security fixes; odd ones are short-lived. */
const SUPPORTED_UNTIL: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
};

/** As package.json has it. */
const OLDEST = [20, 19] as const;

/** Whether this Node can run the server, and is still looked after. */
export function checkNode(version: string, now: Date): Finding {
  const check = 'node';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return failed(check, version, `Run on Node.js ${OLDEST.join('.')} or newer.`);
  const until = SUPPORTED_UNTIL[major];
  if (until !== undefined && now > new Date(until))
    return warning(
      check,
      `${version}, which has had no security fixes since ${until}`,
      'Move to a current LTS version of Node.js.',
    );
  return ok(check, version);
}
