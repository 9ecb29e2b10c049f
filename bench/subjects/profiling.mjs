/**
 * Node's flags that write a CPU profile when the process ends.
 * @param {string | undefined} name of the file; none: a name for each process that has these flags
 * @param {string | undefined} folder none: no profile
 */
export function profiling(name, folder) {
  if (folder === undefined) return [];
  const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`];
  return name === undefined ? flags : [...flags, `--cpu-prof-name=${name}.cpuprofile`];
}
