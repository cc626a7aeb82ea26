// Which entry an AI client's file gets. What the person has chosen earlier, a bundle for instance, stays until something else is said.
import type { Client } from '../../clients/client.ts';
import type { Wanted } from '../../clients/change.ts';
import { argumentsOf } from '../../clients/entry-match.ts';

/** `bundle` false: every server; `bundle`, `profile` undefined: as the entry has it. */
export function entryFor(
  client: Client,
  { bundle, profile }: { bundle?: string | false | undefined; profile: string | undefined },
  launcher: string,
): Wanted {
  return (existing) => {
    const words = argumentsOf(existing, client.entry(launcher, [])) ?? [];
    const login = profile ?? wordAfter('--profile', words);
    const served = bundle ?? wordAfter('--bundle', words) ?? false;
    return client.entry(launcher, [
      ...(login === undefined ? [] : ['--profile', login]),
      ...(served === false ? [] : ['--bundle', served]),
    ]);
  };
}

/** What an entry of mcpgate's has behind a flag. */
function wordAfter(flag: string, words: readonly string[]): string | undefined {
  const at = words.indexOf(flag);
  return at === -1 ? undefined : words[at + 1];
}
