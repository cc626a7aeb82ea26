// Which entry an AI client's file gets. What the person has chosen earlier, a bundle for instance, stays until something else is said.
import type { Client } from '../../clients/client.ts';
import type { Wanted } from '../../clients/change.ts';
import { argumentsOf } from '../../clients/entry-match.ts';

/** `bundle` false: every server; undefined: as the entry has it. */
export function entryFor(
  client: Client,
  { bundle }: { bundle?: string | false | undefined },
  launcher: string,
): Wanted {
  return (existing) => {
    const kept = bundleIn(argumentsOf(existing, client.entry(launcher, [])) ?? []);
    const served = bundle ?? kept ?? false;
    return client.entry(launcher, served === false ? [] : ['--bundle', served]);
  };
}

function bundleIn(words: readonly string[]): string | undefined {
  const at = words.indexOf('--bundle');
  return at === -1 ? undefined : words[at + 1];
}
