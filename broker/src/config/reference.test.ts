import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { CONFIG_KEYS } from './key-list.ts';
import { configurationReference } from './reference.ts';
import { asWritten } from './written-value.ts';

test('docs/configuration.md is what the schema says', () => {
  const written = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(
    written,
    configurationReference(),
    'write it anew: node broker/src/config/reference.ts > docs/configuration.md',
  );
});

describe('what the page shows of a key can be copied into the file', () => {
  for (const { path, form, default: standard, example } of CONFIG_KEYS) {
    for (const value of [standard, example].filter((shown) => shown !== undefined)) {
      const shown = asWritten(value);
      test(`${path.join('.')}: ${shown}`, () => {
        const read: unknown = parse(shown);
        assert.deepEqual(read, value);
        assert.ok(form.schema.safeParse(read).success);
      });
    }
  }
});

test('a text that YAML would take for something else is quoted', () => {
  const value = [{ "it's": ['::1', 'a, b', '*', '', 'a: b', 'true', '10', 'b:'] }];
  assert.deepEqual(parse(asWritten(value)), value);
});
