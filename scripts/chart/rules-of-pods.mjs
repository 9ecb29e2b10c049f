// What a schema cannot say of the rendered objects: every pod is restricted, drains in time, and names settings that exist.
import { SETTINGS } from '../../dist/src/config-settings.js';

const WORKLOADS = {
  Deployment: (object) => object.spec.template.spec,
  Job: (object) => object.spec.template.spec,
  Pod: (object) => object.spec,
};

/** Everything that is wrong, in sentences. */
export function problemsOfObjects(objects) {
  return [
    ...objects
      .filter(({ kind }) => WORKLOADS[kind])
      .flatMap((object) =>
        podProblems(WORKLOADS[object.kind](object)).map(
          (problem) => `${object.kind} ${object.metadata.name} ${problem}`,
        ),
      ),
    ...objects.flatMap(labelProblems),
    ...selectorProblems(objects),
    ...graceProblems(objects),
    ...settingProblems(objects),
  ];
}

/** Kubernetes' pod security standard "restricted", and this chart's own: nothing mounted or injected that is not used. */
function podProblems(pod) {
  const problems = [];
  if (pod.automountServiceAccountToken !== false) problems.push('gets a token of Kubernetes');
  if (pod.enableServiceLinks !== false) problems.push('gets variables of Services');
  if (pod.securityContext?.seccompProfile?.type !== 'RuntimeDefault') problems.push('has no seccomp profile');
  if (!(pod.securityContext?.runAsNonRoot && pod.securityContext.runAsUser > 0))
    problems.push('may run as root');
  for (const { name, securityContext: context, resources } of [
    ...(pod.initContainers ?? []),
    ...pod.containers,
  ]) {
    if (context?.allowPrivilegeEscalation !== false) problems.push(`lets ${name} escalate`);
    if (context?.readOnlyRootFilesystem !== true) problems.push(`lets ${name} write to its root`);
    if (context?.capabilities?.drop?.join() !== 'ALL') problems.push(`leaves ${name} capabilities`);
    if (!resources?.requests?.cpu || !resources.limits?.memory) problems.push(`sets no bounds for ${name}`);
  }
  return problems;
}

function labelProblems({ kind, metadata }) {
  const wanted = ['name', 'instance', 'version', 'component', 'part-of', 'managed-by'].map(
    (name) => `app.kubernetes.io/${name}`,
  );
  const missing = [...wanted, 'helm.sh/chart'].filter((label) => !metadata.labels?.[label]);
  return missing.length === 0 ? [] : [`${kind} ${metadata.name} lacks the labels ${missing.join(', ')}`];
}

/** Service, budget and policy must select the pods of the Deployment, and those of no Job. */
function selectorProblems(objects) {
  const labels = objects.find(({ kind }) => kind === 'Deployment').spec.template.metadata.labels;
  const job = objects.find(({ kind }) => kind === 'Job')?.spec.template.metadata.labels;
  const matches = (selector, all) => Object.entries(selector).every(([name, value]) => all?.[name] === value);
  return objects
    .filter(({ kind }) => ['Service', 'PodDisruptionBudget'].includes(kind))
    .flatMap(({ kind, metadata, spec }) => {
      const selector = spec.selector.matchLabels ?? spec.selector;
      if (!matches(selector, labels)) return [`${kind} ${metadata.name} does not select the server's pods`];
      return job && matches(selector, job) ? [`${kind} ${metadata.name} selects the migration's pod`] : [];
    });
}

function graceProblems(objects) {
  const { terminationGracePeriodSeconds: grace, containers } = objects.find(
    ({ kind }) => kind === 'Deployment',
  ).spec.template.spec;
  const config = objects.find(({ kind }) => kind === 'ConfigMap').data;
  const needed = containers[0].lifecycle.preStop.sleep.seconds + config.OAUTH2_SHUTDOWN_TIMEOUT_MS / 1000;
  return grace >= needed + 5 ? [] : [`the grace period of ${grace} s is too short for ${needed} s`];
}

function settingProblems(objects) {
  const known = new Set(
    Object.values(SETTINGS).flatMap(({ variable, secret }) =>
      secret ? [variable, `${variable}_FILE`] : [variable],
    ),
  );
  const text = JSON.stringify(objects.map((object) => ({ ...object, metadata: undefined })));
  const named = new Set([...text.matchAll(/"(OAUTH2_\w+)"/g)].map(([, name]) => name));
  return [...named]
    .filter((name) => !known.has(name))
    .map((name) => `${name} is not a setting of the server`);
}
