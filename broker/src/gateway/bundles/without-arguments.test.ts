// What clients see of a schema whose arguments a bundle fixes.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { JsonRecord } from '../../mcp/json-rpc-guard.ts';
import { withoutArguments } from './without-arguments.ts';

const text = { type: 'string' };
const SCHEMAS: Record<string, JsonRecord> = {
  plain: { properties: { owner: text, title: text }, required: ['owner', 'title'] },
  combined: { allOf: [{ properties: { owner: text }, required: ['owner'] }, { required: ['title'] }] },
  'by reference': {
    $ref: '#/$defs/Args',
    $defs: { Args: { properties: { owner: text, title: text }, required: ['owner', 'title'] } },
  },
  'by references in references': {
    allOf: [{ $ref: '#/$defs/A~1b' }],
    $defs: { 'A/b': { $ref: '#/$defs/C%20d' }, 'C d': { required: ['owner'], properties: { owner: text } } },
  },
  'by a reference that others use': {
    properties: { owner: text, parent: { $ref: '#/$defs/Repo' } },
    required: ['owner'],
    anyOf: [{ $ref: '#/$defs/Repo' }],
    $defs: { Repo: { type: 'object', required: ['owner'], properties: { owner: text } } },
  },
  'under a condition': JSON.parse(`{
    "properties": { "owner": { "type": "string" }, "mode": { "type": "string" } },
    "if": { "properties": { "owner": { "const": "acme" } }, "required": ["owner"] },
    "then": { "required": ["title"] }
  }`) as JsonRecord,
  'by a need': { properties: { owner: text, title: text }, dependentRequired: { title: ['owner'], owner: ['title'] } },
  'by a number': { properties: { owner: text, title: text }, minProperties: 2 },
  'by what may not be': { not: { required: ['owner', 'title', 'other'] } },
  'of itself': {
    properties: { owner: text, inner: { $ref: '#' } },
    required: ['owner'],
    allOf: [{ $ref: '#/$defs/x' }],
    $defs: { x: { $ref: '#/$defs/x' } },
  },
  'with examples': {
    properties: { owner: text },
    required: ['owner'],
    default: { owner: 'x' },
    examples: [{ owner: 'x', title: 'y' }],
  },
};

for (const [how, part] of Object.entries(SCHEMAS))
  it(`does not ask for what is fixed: ${how}`, () => {
    const schema = { type: 'object', ...part };
    const shown = withoutArguments(schema, new Set(['owner']));
    const { $defs: _defs, properties, ...outside } = shown;
    assert.doesNotMatch(JSON.stringify(outside), /owner/);
    assert.ok(!Object.hasOwn(Object(properties), 'owner'));
  });

it('leaves what another object asks for, and all that is not about what is fixed', () => {
  const of = (how: string) => withoutArguments({ type: 'object', ...SCHEMAS[how] }, new Set(['owner']));
  const repo = { type: 'object', required: ['owner'], properties: { owner: text } };
  assert.deepEqual(of('by a reference that others use'), {
    type: 'object',
    properties: { parent: { $ref: '#/$defs/Repo' } },
    required: [],
    anyOf: [{ type: 'object', required: [], properties: {} }],
    $defs: { Repo: repo },
  });
  assert.deepEqual(of('by reference')['allOf'], [{ properties: { title: text }, required: ['title'] }]);
  assert.deepEqual(of('by references in references')['allOf'], [{ required: [], properties: {} }]);
  assert.deepEqual(of('under a condition'), { type: 'object', properties: { mode: text } });
  assert.deepEqual(of('by a need')['dependentRequired'], { title: [] });
  assert.deepEqual(of('with examples')['examples'], [{ title: 'y' }]);
  const said = '{"type":"object","if":{"required":["a"]},"then":{"required":["b"]},"not":{"required":["c"]}}';
  const other = JSON.parse(said) as JsonRecord;
  assert.deepEqual(withoutArguments(other, new Set(['owner'])), other);
});
