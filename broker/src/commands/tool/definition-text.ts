// A definition and its changes as people read them on a terminal: one value after the other, and in texts the words that differ. What is invisible is
// spelled out, because it is what a reader looks for.
import type { ChalkInstance } from 'chalk';
import { diffWordsWithSpace } from 'diff';
import type { DefinitionDiff, DefinitionFlag } from 'mcpgate-shared/api/definitions/definitions-api';
import { plainLine } from 'mcpgate-shared/plain-line';
import { visible } from './visible.ts';

type Change = DefinitionDiff['changes'][number]['changes'][number];

/** A longer text is not compared word by word: that takes long, and nobody reads it. */
const MOST_COMPARED = 20_000;

function flagLines(flags: readonly DefinitionFlag[], chalk: ChalkInstance): string[] {
  return flags.map(({ alarm, at, what }) => {
    const line = `${alarm ? '✗' : '!'} ${plainLine(visible(at))}: ${plainLine(visible(what))}`;
    return alarm ? chalk.red(line) : chalk.yellow(line);
  });
}

/** Lines that say what differs. Without colours words that are gone stand in `[-…-]`, and new ones in `{+…+}`, as `git diff --word-diff` has them. */
function changeLines({ at, before, after }: Change, chalk: ChalkInstance): string[] {
  const [gone, added] =
    chalk.level > 0
      ? [(text: string) => chalk.red.strikethrough(text), (text: string) => chalk.green(text)]
      : [(text: string) => `[-${text}-]`, (text: string) => `{+${text}+}`];
  const paint = (paintText: (text: string) => string, text: string) =>
    visible(text)
      .split('\n')
      .map((line) => (line === '' ? '' : paintText(line)))
      .join('\n');
  const head = chalk.bold(plainLine(visible(at === '' ? 'definition' : at)));
  const isShort = before !== null && after !== null && before.length + after.length <= MOST_COMPARED;
  const parts = isShort
    ? diffWordsWithSpace(before, after).map(({ value, added: isNew, removed }) =>
        isNew ? paint(added, value) : removed ? paint(gone, value) : visible(value),
      )
    : [...(before === null ? [] : [paint(gone, before), '\n']), ...(after === null ? [] : [paint(added, after)])];
  const body = parts.join('').replace(/\n$/, '');
  return [head, ...body.split('\n').map((line) => `  ${line}`)];
}

/** What was accepted last, beside what waits. */
export function diffText(diff: DefinitionDiff, chalk: ChalkInstance): string {
  const { name, state, accepted, accepted_by: by, accepted_at: at, changes } = diff;
  const lines = [`${chalk.bold(plainLine(visible(name)))}  ${state}`];
  if (accepted !== null) lines.push(`accepted ${accepted.slice(0, 12)} (${plainLine(by ?? '')}, ${at ?? ''})`);
  if (changes.length === 0) {
    lines.push('nothing waits; this is what was accepted:', ...flagLines(diff.flags, chalk));
    lines.push(...pretty(diff.text ?? '').split('\n'));
  }
  for (const { digest, flags, changes: each } of changes) {
    const seen = diff.waiting.find((waiting) => waiting.digest === digest);
    lines.push(
      '',
      `${accepted === null ? 'new' : 'changed'} ${digest.slice(0, 12)} (seen ${seen?.seen_at ?? ''}, ${seen?.state ?? ''})`,
    );
    lines.push(...flagLines(flags, chalk), ...each.flatMap((change) => changeLines(change, chalk)));
  }
  return lines.join('\n');
}

function pretty(json: string): string {
  return visible(json === '' ? '' : JSON.stringify(JSON.parse(json), null, 2));
}
