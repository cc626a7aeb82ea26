// Every rule that docs/rules.md prints is one that a broker takes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { administration } from './fixtures/administration.ts';

const admin = administration(async (broker) => {
  await broker.json(['user', 'add', 'ada']);
});

const page = readFileSync(new URL('../../../docs/rules.md', import.meta.url), 'utf8');

/** As a shell splits a line without variables. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');

const lines = [...page.matchAll(/^mcpgate-broker (rule (?:add|test) .*?)(?: +#.*)?$/gm)].map(([, line = '']) => line);

test('each rule of the page can be added, and each test of one is answered', async () => {
  assert.ok(lines.length > 15, `only ${lines.length} were found`);
  for (const line of lines) {
    const { code, stderr } = await admin.broker.run(wordsOf(line));
    // A test ends with 1 for a deny.
    assert.ok(code === 0 || (code === 1 && line.startsWith('rule test')), `${line}\n${stderr}`);
  }
});
