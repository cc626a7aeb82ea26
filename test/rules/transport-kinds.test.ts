// A transport of server records is told from another by what its description says, and by nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOTHING_SHOWN } from '../../broker/src/domain/transports/transport-description.ts';
import { TRANSPORT_KINDS } from '../../broker/src/domain/transports/transports.ts';
import { readSourceFiles } from './source-files.ts';

const FIELD = `(?:${Object.keys(NOTHING_SHOWN).join('|')})`;
/** Those that every record of a kind has; whether one of the others is there says something of the record. */
const NEEDED = '(?:command|args|env|url|headers)';
/** What a record is called where it is held against its shape. */
const RECORD = '(?:transport|record|server|entry|offered)';
const KIND = `['"\`](?:${TRANSPORT_KINDS.join('|')})['"\`]`;
/**
 * `x.kind === 'stdio'`, `'http' != kind`, `case 'stdio':`, a type that picks one kind out of all, and a question about its shape: `'url' in x`,
 * `transport.url !== undefined`, `server.url ?? …`.
 */
const TELLS_APART = new RegExp(
  [
    `[!=]==?\\s*${KIND}`,
    `${KIND}\\s*[!=]==?`,
    `\\bcase\\s+${KIND}`,
    `(?:\\b(?:Extract|Exclude)<[^<>]*|&\\s*)\\{\\s*kind:\\s*${KIND}`,
    `['"\`]${FIELD}['"\`]\\s+in\\b`,
    `\\b${RECORD}\\??\\.${NEEDED}\\s*(?:[!=]==?|\\?\\?)`,
  ].join('|'),
  'g',
);

/** Where a source tells kinds apart, as it stands there. */
function comparisonsIn(text: string): string[] {
  return text.replaceAll(/^\s*\/\/.*$/gm, '').match(TELLS_APART) ?? [];
}

test('the rule sees each way to tell a kind of transport from the others', () => {
  for (const text of [
    "if (transport.kind === 'stdio') return;",
    "const url = transport.kind !== 'http' ? null : transport.url;",
    'if ("stdio" == kind) return;',
    "switch (transport.kind) {\n  case 'http':\n",
    "type Started = Extract<Transport, { kind: 'stdio' }>;",
    "function words(transport: Transport & { kind: 'stdio' }): string[] {",
    "if ('url' in record.transport) return;",
    'return "args" in offered;',
    'if (transport.url !== undefined) return;',
    'const target = server.url ?? server.command;',
  ])
    assert.equal(comparisonsIn(text).length, 1, text);
  for (const text of [
    "const transport: Transport = { kind: 'http', url, headers };",
    "if (url.protocol !== 'http:') return;",
    "const known = generation === 'sse';",
    "if (request.url === '/here') return;",
    'if (options.url !== undefined) return;',
    "// Not `kind === 'stdio'`: what it is asked is whether it runs here.",
  ])
    assert.deepEqual(comparisonsIn(text), [], text);
});

/** They read entries as the programs of others write them; a shape is all that such an entry has. */
const READERS = new Set(['cli/src/clients/entry-match.ts', 'shared/src/entries/client-entry.ts']);

test('nothing compares a transport with the name of a kind, because a kind that is added later would pass there in silence', () => {
  const broken = readSourceFiles()
    .filter(({ path, isTest }) => !isTest && !READERS.has(path) && /^(?:broker|cli|shared)\/src\//.test(path))
    .flatMap(({ path, text }) => comparisonsIn(text).map((comparison) => `${path}: ${comparison}`));
  assert.deepEqual(broken, []);
});
