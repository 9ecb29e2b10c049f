/**
 * Node's flags that write a CPU profile when the process ends.
 * @param {string} name of the file
 * @param {string | undefined} folder none: no profile
 */
export function profiling(name, folder) {
  if (folder === undefined) return [];
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}.cpuprofile`];
}
