// The parts of one command-line argument: the value in `--flag=value`, `NAME=value` or `Name: value`, and the words of a shell's line.
import { argumentSpots, HOLDER } from './argument-spots.ts';
import { asItIs, type Part, type Spot, type Structure } from './spot.ts';
import { isName } from './plain-word.ts';
import { withoutPlaceholders } from './secret-reference.ts';
import { shellSpelling } from './shell-spelling.ts';
import { isComputed, shellWords, type Word } from './shell-words.ts';

const ASSIGNED = /^(\$env:|-{1,2}|\/)?([A-Za-z_][\w.:-]*?)=(?!=*$)(.+)$/s;
/** `/flag:value`, as programs of Windows take it. */
const WITH_COLON = /^(-{1,2}|\/)([A-Za-z][\w.-]*):(?![\\/=:])(\S.*)$/s;
const FIELD = /^([A-Za-z][A-Za-z0-9_-]*)(:\s*)(\S.*)$/s;

/** The value in `--flag=value`, `-pVALUE`, `NAME=value` or `Name: value`; undefined where the argument has none of these forms. */
export function argumentParts(text: string, spot: Spot): Structure | undefined {
  const shape = withoutPlaceholders(text);
  const assigned = ASSIGNED.exec(shape);
  if (assigned !== null && isName(assigned[2] ?? '')) {
    const [, dashes = '', name = '', value = ''] = assigned;
    const start = shape.length - value.length;
    const flag = `${dashes === '$env:' ? '' : dashes}${name}`;
    if (/^--(?:eval|print)$/.test(flag))
      return only(start, text.length, { kind: 'argument', name: '', label: `argument ${flag}`, isCode: true });
    const key = HOLDER.test(flag) ? '' : flag.replace(/^-D/, '');
    return only(start, text.length, { kind: 'argument', name: key, label: `argument ${flag}` });
  }
  const flagged = WITH_COLON.exec(shape);
  if (flagged !== null && isName(flagged[2] ?? '')) {
    const [, dashes = '', name = '', value = ''] = flagged;
    const flag = `${dashes}${name}`;
    const key = HOLDER.test(flag) ? '' : name;
    return only(shape.length - value.length, text.length, { kind: 'argument', name: key, label: `argument ${flag}` });
  }
  const joined = /^(-[pPkt])([^=:\s-]\S{4,})$/.exec(shape);
  if (joined !== null) {
    const [, flag = ''] = joined;
    return only(flag.length, text.length, { kind: 'argument', name: flag, label: `argument ${flag}` });
  }
  const field = FIELD.exec(shape);
  if (field !== null && !/^[A-Za-z][\w+.-]*:(?:\/\/|[\\/])|^[A-Za-z]:\\/.test(shape) && !isImage(shape, spot)) {
    const [, name = '', separator = ''] = field;
    return only(name.length + separator.length, text.length, { kind: 'header', name, label: `argument ${name}` });
  }
  return undefined;
}

/** Whether `NAME:…` is a tag of an image, a port or a digest (`node:22`, `8080:80`, `sha256:…`) rather than a header. */
function isImage(text: string, { name }: Spot): boolean {
  return (
    !HOLDER.test(name) &&
    !/^[A-Za-z0-9_-]+:\s/.test(text) &&
    !/(auth|key|token|secret|cookie|api|bearer)/i.test(text.split(':')[0] ?? '')
  );
}

function only(start: number, end: number, spot: Spot): Structure {
  return { parts: [{ start, end, spot, spelling: asItIs('an argument') }], between: asItIs('an argument') };
}

/** The words of a shell's line as parts; undefined where the text at this spot is no such line. */
export function shellParts(line: string, { shell }: Spot): Structure | undefined {
  if (shell === undefined) return undefined;
  const shape = withoutPlaceholders(line);
  const { words, isCertain } = shellWords(shape, shell);
  const spots = argumentSpots(
    words[0]?.text ?? '',
    words.slice(1).map((word) => word.text),
  );
  const parts = words.flatMap((word, index): Part[] => {
    const assignedBySpaces = assignedAt(words, index);
    const spot: Spot =
      index === 0
        ? { kind: 'argument', name: '', label: 'the command' }
        : (spots[index - 1] ?? { kind: 'argument', name: '', label: 'an argument' });
    const label = spot.name === '' ? 'shell line' : `shell line, ${spot.name}`;
    if (assignedBySpaces !== undefined)
      return [
        partOf(word, word.start, { kind: 'env', name: assignedBySpaces, label: `shell line, ${assignedBySpaces}` }),
      ];
    const equals = assignmentEnd(shape, word);
    if (equals === undefined) return [partOf(word, word.start, { ...spot, label })];
    const name = line.slice(word.start, equals - 1).replace(/^\$env:/, '');
    const key = HOLDER.test(name) ? '' : name;
    return [
      partOf(word, equals, { kind: key.startsWith('-') ? 'argument' : 'env', name: key, label: `shell line, ${name}` }),
    ];
  });
  function partOf(word: Word, from: number, inner: Spot): Part {
    const inside = word.segments.filter((segment) => segment.end > from);
    const [first] = inside;
    const isOne = inside.length === 1 && first !== undefined;
    const start = isOne ? Math.max(first.start, from) : from;
    const end = isOne ? first.end : word.end;
    const quote = isOne ? first.quote : 'none';
    return { start, end, spot: inner, spelling: shellSpelling(shell ?? 'cmd', quote, isCertain) };
  }
  return {
    parts: parts.filter((part) => part.end > part.start && !isComputed(shape.slice(part.start, part.end))),
    between: shellSpelling(shell, 'none', false),
  };
}

/**
 * The variable that the word is assigned to by the words before it: `$env:NAME = …` (PowerShell), `setenv NAME …`, `setx NAME …`, `set -gx
 * NAME …` (fish).
 */
function assignedAt(words: readonly Word[], index: number): string | undefined {
  const [third = '', second = '', first = ''] = [index - 3, index - 2, index - 1].map((at) => words[at]?.text);
  if (first === '=') return second.replace(/^\$env:/, '');
  return /^setenv$|^setx$/i.test(second) || (third === 'set' && /^-\w*x\w*$/.test(second)) ? first : undefined;
}

/** Index behind the `=` of `NAME=…` or `--flag=…`; undefined where the word has no such form, or begins with a quote. */
function assignmentEnd(line: string, word: Word): number | undefined {
  const [first] = word.segments;
  if (first === undefined || first.quote !== 'none') return undefined;
  const match = /^(?:\$env:|-{1,2})?[A-Za-z_][\w.-]*=/.exec(line.slice(first.start, first.end));
  return match === null ? undefined : first.start + match[0].length;
}
