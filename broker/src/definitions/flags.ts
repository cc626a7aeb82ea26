// What is suspicious about a definition. Flags are found when a text is seen for the first time, and stay with it.
import type { DefinitionKind, Flag } from '../domain/definition.ts';
import { duplicateKey } from '../mcp/duplicate-key.ts';
import { textsOf } from './definition-strings.ts';
import { hiddenCharactersIn } from './hidden-characters.ts';
import { mentionsIn, nameFlags, type OtherTools } from './look-alike.ts';
import { signsIn } from './model-instructions.ts';

/** More of them say no more to the reader. */
const MOST_FLAGS = 20;
const MOST_PLACE = 200;
/** So much text of one definition is looked at. Honest ones have a hundredth of it. */
const MOST_CHARS = 256 * 1024;

/** `text`: the definition as JSON; `value`: the same, parsed; `others`: the tools of the workspace's other servers. */
export function flagsOf(
  kind: DefinitionKind,
  name: string,
  { text, value }: { text: string; value: unknown },
  others: OtherTools,
): Flag[] {
  const flags: Flag[] = kind === 'tools' ? nameFlags(name, others) : [];
  const add = (flag: Flag) => {
    if (!flags.some((each) => each.kind === flag.kind && each.what === flag.what))
      flags.push({ ...flag, at: flag.at.slice(0, MOST_PLACE) });
  };
  const repeated = duplicateKey(text);
  // Which of the two counts depends on who reads it.
  if (repeated !== undefined)
    add({
      kind: 'repeated-members',
      isAlarm: true,
      at: repeated,
      what: 'stands twice, with one value for each reader',
    });
  let chars = 0;
  for (const { at, text: said } of textsOf(value)) {
    chars += said.length;
    if (chars > MOST_CHARS)
      flags.unshift({
        kind: 'oversized',
        isAlarm: true,
        at: at.slice(0, MOST_PLACE),
        what: 'is more than anybody looks at, from here on',
      });
    if (flags.length >= MOST_FLAGS || chars > MOST_CHARS) break;
    const hidden = hiddenCharactersIn(said);
    if (hidden !== undefined) add({ kind: 'hidden-characters', at, ...hidden });
    for (const sign of signsIn(said)) add({ at, ...sign });
    if (kind !== 'tools' || at === 'name') continue;
    for (const tool of mentionsIn(said, others))
      add({ kind: 'shadows', isAlarm: true, at, what: `speaks of ${tool}, a tool of another server` });
  }
  return flags.slice(0, MOST_FLAGS);
}

/** Those of `flags` that are an alarm and that what was accepted before did not have. */
export function newAlarms(flags: readonly Flag[], accepted: readonly Flag[]): Flag[] {
  const known = new Set(accepted.map(({ kind, what }) => `${kind}\n${what}`));
  return flags.filter(({ kind, isAlarm, what }) => isAlarm && !known.has(`${kind}\n${what}`));
}
