// A transport of server records is told from another by what its description says, and by nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRANSPORT_KINDS } from '../../broker/src/domain/transports/transports.ts';
import { readSourceFiles } from './source-files.ts';

const KIND = `['"\`](?:${TRANSPORT_KINDS.join('|')})['"\`]`;
/** `x.kind === 'stdio'`, `'http' != kind`, `case 'stdio':`, and a type that picks one kind out of all. */
const TELLS_APART = new RegExp(
  [
    `[!=]==?\\s*${KIND}`,
    `${KIND}\\s*[!=]==?`,
    `\\bcase\\s+${KIND}`,
    `(?:\\b(?:Extract|Exclude)<[^<>]*|&\\s*)\\{\\s*kind:\\s*${KIND}`,
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
  ])
    assert.equal(comparisonsIn(text).length, 1, text);
  for (const text of [
    "const transport: Transport = { kind: 'http', url, headers };",
    "if (url.protocol !== 'http:') return;",
    "const known = generation === 'sse';",
    "// Not `kind === 'stdio'`: what it is asked is whether it runs here.",
  ])
    assert.deepEqual(comparisonsIn(text), [], text);
});

test('nothing compares a transport with the name of a kind, because a kind that is added later would pass there in silence', () => {
  const broken = readSourceFiles()
    .filter(({ path, isTest }) => !isTest && /^(?:broker|shared)\/src\//.test(path))
    .flatMap(({ path, text }) => comparisonsIn(text).map((comparison) => `${path}: ${comparison}`));
  assert.deepEqual(broken, []);
});
