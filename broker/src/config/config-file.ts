// Reads the configuration file (YAML) and checks it against the schema. Every mistake becomes one line `FILE:LINE: key: what is wrong`.
import { plainIssue } from 'mcpgate-shared/api/plain-issue';
import { GateError } from 'mcpgate-shared/error';
import { isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { nearest } from 'mcpgate-shared/nearest';
import { namesBelow } from './key-list.ts';
import { ConfigSchema } from './schema.ts';

interface Mistake {
  line: number;
  text: string;
}

/**
 * The values that the file sets, checked, but as they are written: forms are applied later, to all sources together. Throws `config` with
 * every mistake.
 */
export function parseConfigFile(file: string, text: string): Record<string, unknown> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const mistakes: Mistake[] = [...document.errors, ...document.warnings].map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    text: error.message.split('\n')[0] ?? error.message,
  }));
  if (mistakes.length > 0) throw configError(file, mistakes);

  const value: unknown = document.toJS() ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw configError(file, [{ line: 1, text: 'the file must be a map of keys, as `listen: 127.0.0.1:7717`' }]);
  }
  const checked = ConfigSchema.safeParse(value);
  if (checked.success) return Object.fromEntries(Object.entries(value));
  throw configError(
    file,
    checked.error.issues.flatMap((issue): Mistake[] => {
      if (issue.code === 'unrecognized_keys') {
        return issue.keys.map((key) => {
          const path = [...issue.path, key];
          const meant = nearest(key, namesBelow(issue.path.map(String)));
          const hint = meant === undefined ? '' : `; did you mean "${[...issue.path, meant].join('.')}"?`;
          return { line: lineOf(document, lines, path), text: `${path.join('.')}: unknown key${hint}` };
        });
      }
      const missing = issue.code === 'invalid_type' && issue.input === undefined && !has(document, issue.path);
      const text = missing ? 'is missing' : plainIssue(issue);
      return [{ line: lineOf(document, lines, issue.path), text: `${issue.path.join('.')}: ${text}` }];
    }),
  );
}

function configError(file: string, mistakes: readonly Mistake[]): GateError {
  const sorted = mistakes.toSorted((a, b) => a.line - b.line);
  return new GateError('config', sorted.map((mistake) => `${file}:${mistake.line}: ${mistake.text}`).join('\n'));
}

function has(document: Document, path: readonly PropertyKey[]): boolean {
  return document.hasIn(path);
}

/** The line of the key at `path`; where the key is missing, that of its nearest ancestor. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const name = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(name));
      if (pair !== undefined && isScalar(pair.key) && pair.key.range) return lines.linePos(pair.key.range[0]).line;
    }
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isScalar(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
