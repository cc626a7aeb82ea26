import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProposalFormSchema } from './proposals.ts';

const takes = (transport: object): boolean => ProposalFormSchema.safeParse({ name: 'notes', transport }).success;
const web = (more: object) => ({ kind: 'http', url: 'https://notes.example/mcp', headers: {}, ...more });
const run = (more: object) => ({ kind: 'stdio', command: 'npx', args: ['-y', 'notes'], env: {}, ...more });
const named = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`N${index}`, '']));

test('a proposal has as much as an administrator can look at, and nothing that steers their terminal', () => {
  assert.ok(takes(web({ headers: named(50) })) && takes(run({ env: named(50) })));
  assert.ok(!takes(web({ headers: named(51) })), 'names of headers');
  assert.ok(!takes(run({ env: named(51) })), 'names of variables');
  assert.ok(takes(run({ args: Array.from({ length: 20 }, () => 'é'.repeat(100)) })));
  assert.ok(!takes(run({ args: Array.from({ length: 50 }, () => 'é'.repeat(300)) })), 'bytes');
  for (const odd of ['\u001b[31m', '\u0007', '\u009b', '\u202e', '\u2066', '\0', '\u200e']) {
    assert.ok(!takes(web({ url: `https://notes.example/${odd}x` })), `in a URL: ${JSON.stringify(odd)}`);
    assert.ok(!takes(run({ args: [`a${odd}b`] })), `in an argument: ${JSON.stringify(odd)}`);
  }
});
