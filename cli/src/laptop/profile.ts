// Which profile a process is of: one login at one broker, with a folder and a daemon of its own. Loads Node builtins only, because `serve` reads it at
// every start; `profiles.ts` does the rest.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GateError } from 'mcpgate-shared/error';

/** The profile without a name: the one that a laptop has before there is any other. */
export const DEFAULT_PROFILE = 'default';

/** The name is a folder's: lower-case, because to some file systems `Work` and `work` are one. */
export const isProfileName = (name: string): boolean => /^[a-z0-9][a-z0-9-]{0,23}$/.test(name);

/** The file that holds the name which `mcpgate use` chose; missing where that is the profile without a name. */
export const choicePath = (configDir: string): string => join(configDir, 'profile');

function choiceIn(configDir: string): string {
  const path = choicePath(configDir);
  const file = statSync(path, { throwIfNoEntry: false });
  // To read a pipe would wait for its writer.
  return file === undefined ? DEFAULT_PROFILE : file.isFile() ? readFileSync(path, 'utf8').trim() : path;
}

/** `wanted`, else what `mcpgate use` chose. A choice that cannot be read is no default: calls would travel under another login. */
export function chosenProfile(configDir: string, wanted: string | undefined): string {
  const name = wanted ?? choiceIn(configDir);
  if (isProfileName(name)) return name;
  const shown = JSON.stringify(name.slice(0, 40));
  throw new GateError('usage', `${shown} is no name of a profile: 1 to 24 of a-z, 0-9 and -`);
}

/** The profile without a name is always there, others from their first login on. Throws `not_found` with what to do. */
export function requireProfile({ profile, configPath }: { profile: string; configPath: string }): void {
  if (profile === DEFAULT_PROFILE || existsSync(configPath)) return;
  throw new GateError(
    'not_found',
    `there is no profile ${profile}: \`mcpgate login https://BROKER --profile ${profile}\` makes it`,
  );
}
