// What the chart must refuse, and with which words.
import { spawnSync } from 'node:child_process';

const ISSUER = 'issuer=https://login.example.com';
const EXISTING = 'secrets.existingSecret=stagedoor';

/** What must be refused: [settings, what the sentence must have]. */
export const REFUSED = [
  [[EXISTING], 'issuer is required'],
  [[ISSUER], 'name one source of secrets'],
  [[ISSUER, EXISTING, 'secrets.values.secret=x'], 'there is secrets.existingSecret and secrets.values'],
  [[ISSUER, 'secrets.values.secret=x'], 'secrets.values.databaseUrl is required'],
  [[ISSUER, 'secrets.values.databaseUrl=x'], 'secrets.values.secret is required'],
  [[ISSUER, 'secrets.externalSecret.enabled=true'], 'secrets.externalSecret.storeName is required'],
  [
    [ISSUER, 'secrets.externalSecret.enabled=true', 'secrets.externalSecret.storeName=x'],
    'remoteRefs.databaseUrl is required',
  ],
  [
    [ISSUER, EXISTING, 'cluster.enabled=true', 'migrations.strategy=job'],
    'migrations.strategy cannot be job',
  ],
  [[ISSUER, EXISTING, 'migrations.grantTo=stagedoor'], 'migrations.grantTo needs'],
  [[ISSUER, EXISTING, 'workers=auto'], 'workers cannot be auto without resources.limits.cpu'],
  [[ISSUER, EXISTING, 'httpRoute.enabled=true'], 'httpRoute.parentRefs is required'],
  [
    [ISSUER, EXISTING, 'autoscaling.enabled=true', 'autoscaling.maxReplicas=1'],
    'maxReplicas must not be below',
  ],
  [[EXISTING, 'issuer=http://login.example.com'], '/issuer'],
  [[ISSUER, EXISTING, 'replicas=3'], "'replicas' not allowed"],
  [[ISSUER, EXISTING, 'config.OAUTH2_SECRET=x'], "invalid propertyName 'OAUTH2_SECRET'"],
  [[ISSUER, EXISTING, 'preStopSleepSeconds=0'], '/preStopSleepSeconds'],
];

/** The mistakes that are not refused, or not in the right words. */
export function missingRefusals(helm, chart, kubernetes) {
  return REFUSED.flatMap(([settings, sentence]) => {
    const sets = settings.flatMap((setting) => ['--set', setting]);
    const args = ['template', 'x', chart, '--kube-version', kubernetes, ...sets];
    const { status, stderr } = spawnSync(helm, args, { encoding: 'utf8' });
    if (status === 0) return [`${settings.join(' ')} is not refused`];
    return stderr.includes(sentence) ? [] : [`${settings.join(' ')} is refused with:\n${stderr}`];
  });
}
