// The record of a server as a text that people edit: YAML with comments. It holds names of secrets, never a value. What is wrong with an edited
// text stands in it as comments, each above its line.
import { plainIssue } from 'mcpgate-shared/api/plain-issue';
import { RecordSchema, type RecordForm } from 'mcpgate-shared/api/servers';
import { plainLine } from 'mcpgate-shared/plain-line';
import { type Document, isMap, isNode, isSeq, LineCounter, parseDocument, stringify } from 'yaml';
import type { MistakePath } from '../../domain/mistake.ts';

/** What is wrong with a text, and where (lines are counted from 1). */
export interface TextMistake {
  line: number;
  message: string;
}

export type ReadRecord =
  | { kind: 'record'; record: RecordForm; lineOf: (path: MistakePath) => number }
  | { kind: 'wrong'; mistakes: TextMistake[] };

const MISTAKE = '# ✗ ';

/** What stands above each field. */
const COMMENTS: Readonly<Record<keyof RecordForm, readonly string[]>> = {
  transport: [
    'How it is reached. At a URL: kind: http, url, headers; and identity_header (in which it is told who asks). A command that mcpgate starts:',
    'kind: stdio, command, args, env; and cwd, network (full, none), limits (memory, open_files, processes, cpu_seconds).',
  ],
  isolation: ['Who shares a connection: shared, per-user or per-session.'],
  trust_annotations: [
    'Believe its tools that they are read-only or idempotent: such a call is sent again where its connection died.',
  ],
  tool_classes: [
    'Tools that rules take for ones that only read, or that may write, whatever the server says of them itself.',
  ],
  credential: [
    'Whose account it is used with: shared (everybody as one), or personal (each person with an account of their own).',
  ],
  account: [
    'What is needed for that. null: all of it is in the vault. By OAuth: kind: oauth; and scopes, client_id, client_secret, grant, issuer; via: idp where nobody logs in.',
    'Keys that each person enters: kind: keys, fields: a list of name, label, help, secret; they stand in the transport as ${account:NAME}.',
  ],
  definitions: [
    'What becomes of a tool that is new or has changed: hold (until it is accepted), warn or accept; `tool list` shows them.',
  ],
  audit_arguments: [
    'What the audit log keeps of the values in arguments, sealed, for auditors: none, masked (without what looks like a secret) or full.',
  ],
  probe: [
    'A tool that changes nothing and needs the credential, by which a new value is tried: tool, arguments. null: none is named.',
  ],
};

/** `about`: sentences that stand at the top. */
export function recordText(record: RecordForm, about: readonly string[]): string {
  const head = about.map((line) => `# ${plainLine(line)}\n`).join('');
  const values = new Map<string, unknown>(Object.entries(record));
  const parts = Object.entries(COMMENTS).map(([field, comment]) => {
    const lines = comment.map((line) => `# ${line}\n`).join('');
    return `\n${lines}${stringify({ [field]: values.get(field) }, { lineWidth: 0 })}`;
  });
  return head + parts.join('');
}

/** Without the mistakes that `withMistakes` has put into it. */
export function withoutMistakes(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith(MISTAKE))
    .join('\n');
}

export function withMistakes(text: string, mistakes: readonly TextMistake[]): string {
  return text
    .split('\n')
    .flatMap((line, index, lines) => {
      const isLast = index === lines.length - 1;
      const here = mistakes.filter(({ line: at }) => at === index + 1 || (isLast && at > lines.length));
      const indent = /^\s*/.exec(line)?.[0] ?? '';
      return [...here.map(({ message }) => `${indent}${MISTAKE}${plainLine(message)}`), line];
    })
    .join('\n');
}

/** Whether nothing stands in it but comments. */
export function isBlank(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(?:#|$)/.test(line));
}

export function readRecord(text: string): ReadRecord {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  if (document.errors.length > 0) {
    const mistakes = document.errors.map(({ pos, message }) => ({ line: counter.linePos(pos[0]).line, message }));
    return { kind: 'wrong', mistakes };
  }
  const lineOf = (path: MistakePath): number => counter.linePos(offsetOf(document, path)).line;
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // An alias without its anchor, or so many that nobody means them.
    return { kind: 'wrong', mistakes: [{ line: 1, message: error instanceof Error ? error.message : String(error) }] };
  }
  const checked = RecordSchema.safeParse(value);
  if (checked.success) return { kind: 'record', record: checked.data, lineOf };
  const mistakes = checked.error.issues.flatMap((issue) => {
    const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ line: lineOf([...path, key]), message: `there is no field ${key}` }));
    return [{ line: lineOf(path), message: `${path.join('.') || 'the record'}: ${plainIssue(issue)}` }];
  });
  return { kind: 'wrong', mistakes };
}

/** Where the innermost part of the path that is there begins: a key of a table, or an entry of a list. */
function offsetOf(document: Document.Parsed, path: MistakePath): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((each) => String(isNode(each.key) ? each.key.toJSON() : each.key) === String(key));
      if (pair === undefined) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
