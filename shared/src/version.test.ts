import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { VERSION } from './version.ts';

test('every package of the repository has the one version that the product says', () => {
  for (const folder of ['', 'shared/', 'cli/', 'broker/', 'test/', 'docs/']) {
    const text = readFileSync(new URL(`../../${folder}package.json`, import.meta.url), 'utf8');
    assert.equal((JSON.parse(text) as { version: string }).version, VERSION, `${folder}package.json`);
  }
});
