// The commands that messages name, as they are typed for one profile. A command without a profile is of the one that `mcpgate use` chose, so a person
// who is told to run one for another profile must be told its name too.
import { GateError } from 'mcpgate-shared/error';
import type { Paths } from './paths.ts';
import { chosenProfile } from './profile.ts';

const OF_A_PROFILE =
  /\bmcpgate (?:login|logout|status|connect|disconnect|requests?|tools|call|doctor|install-clients|daemon (?:stop|restart|logs))\b(?! --profile)/g;

/** Adds `--profile NAME` to the commands in a text of mcpgate's own, where they would be of another profile without it. */
export function profileWords({ configDir, profile }: Pick<Paths, 'configDir' | 'profile'>): (text: string) => string {
  return (text) => (isChosenProfile(configDir, profile) ? text : text.replace(OF_A_PROFILE, `$& --profile ${profile}`));
}

/** Whether commands without a profile are of this one. */
export function isChosenProfile(configDir: string, profile: string): boolean {
  try {
    return chosenProfile(configDir, undefined) === profile;
  } catch (error) {
    // With a choice that cannot be read, no command without a profile works.
    if (error instanceof GateError) return false;
    throw error;
  }
}
