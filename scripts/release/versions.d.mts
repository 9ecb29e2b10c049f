/** Why the project in this folder cannot be released under this tag; without one, only what holds at any time is asked for. */
export function releaseProblems(project: string, tag?: string): string[];

/** What CHANGELOG.md says of a version. */
export function notesOf(changelog: string, version: string): string;

/** Under which names a version is published. */
export function namesOf(version: string): {
  readonly version: string;
  readonly prerelease: boolean;
  readonly npmTag: string;
  readonly imageTags: readonly string[];
};
