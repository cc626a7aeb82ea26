// The profiles of this laptop, for the commands that list, choose and remove them.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { nearest } from 'mcpgate-shared/nearest';
import { choicePath, chosenProfile, DEFAULT_PROFILE, isProfileName } from './profile.ts';
import { readSettings, settingsPath, type Settings } from './settings-file.ts';

export interface ListedProfile {
  name: string;
  /** Whether commands without `--profile` are of this one. */
  isChosen: boolean;
  settings: Settings;
  /** Why its settings cannot be read. */
  error?: string;
}

const profileFolder = (configDir: string, name: string): string => join(configDir, 'profiles', name);

/** The names of all profiles: the one without a name first, then those that somebody has logged in to. */
function profileNames(configDir: string): string[] {
  let names: string[] = [];
  try {
    names = readdirSync(join(configDir, 'profiles'));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      throw new GateError('config', `cannot read ${join(configDir, 'profiles')}: ${String(error)}`, { cause: error });
  }
  const there = names.filter((name) => name !== DEFAULT_PROFILE && isProfileName(name) && isMade(configDir, name));
  return [DEFAULT_PROFILE, ...there.toSorted()];
}

export function listProfiles(configDir: string): ListedProfile[] {
  const chosen = readChosen(configDir);
  return profileNames(configDir).map((name) => {
    const isChosen = name === chosen;
    try {
      const folder = name === DEFAULT_PROFILE ? configDir : profileFolder(configDir, name);
      return { name, isChosen, settings: readSettings(folder) };
    } catch (error) {
      return { name, isChosen, settings: {}, error: toGateError(error).message };
    }
  });
}

/** Undefined where the choice is damaged; the next one mends it. */
function readChosen(configDir: string): string | undefined {
  try {
    return chosenProfile(configDir, undefined);
  } catch (error) {
    if (error instanceof GateError) return undefined;
    throw error;
  }
}

/**
 * Commands without `--profile` are of this one from now on; the one without a name is written down too, so that nobody who reads meanwhile finds
 * the file gone. Throws `usage` and `not_found`.
 */
export function chooseProfile(configDir: string, name: string): void {
  requireKnown(configDir, name);
  const path = choicePath(configDir);
  const temporary = `${path}.${randomUUID()}.tmp`;
  mkdirSync(configDir, { recursive: true, mode: 0o700 });
  writeFileSync(temporary, `${name}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(temporary, path);
}

/** Forgets a profile in which nobody is logged in. Throws `usage`, `not_found`, and `conflict` where somebody is. */
export function removeProfile(configDir: string, name: string): void {
  requireKnown(configDir, name);
  if (name === DEFAULT_PROFILE)
    throw new GateError('usage', 'the profile default is always there; log out of it instead');
  if (readSettings(profileFolder(configDir, name)).credential !== undefined)
    throw new GateError(
      'conflict',
      `somebody is logged in there: \`mcpgate logout --profile ${name}\`, then remove it`,
    );
  rmSync(profileFolder(configDir, name), { recursive: true });
  if (readChosen(configDir) === name) chooseProfile(configDir, DEFAULT_PROFILE);
}

function requireKnown(configDir: string, name: string): void {
  chosenProfile(configDir, name);
  const known = profileNames(configDir);
  if (known.includes(name)) return;
  const near = nearest(name, known);
  const hint = near === undefined ? `you have ${known.join(', ')}` : `did you mean ${near}?`;
  throw new GateError(
    'not_found',
    `there is no profile ${name} (${hint}); \`mcpgate login https://BROKER --profile ${name}\` makes it`,
  );
}

/** A profile is made by its first login, which writes its settings. */
const isMade = (configDir: string, name: string): boolean => existsSync(settingsPath(profileFolder(configDir, name)));
