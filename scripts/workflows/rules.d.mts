/** Everything that is wrong with a workflow, in sentences. */
export function workflowProblems(
  text: string,
  known: { readonly steps: readonly string[]; readonly scripts: readonly string[] },
): string[];

/** The steps that .ci/run knows. */
export function stepsOf(script: string): string[];
