import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configurationReference } from './reference.ts';

test('docs/configuration.md is what the schema says', () => {
  const written = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(
    written,
    configurationReference(),
    'write it anew: node broker/src/config/reference.ts > docs/configuration.md',
  );
});
