import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fillTransport } from '../values/fill-values.ts';
import { readClientEntry } from './client-entry.ts';
import { extractSecrets } from './secret-extraction.ts';

interface Shape {
  id: string;
  entry: unknown;
  secrets: string[];
  plain: string[];
}

/** Entries as published guides show them, with invented secrets. */
const shapes = ['import-shapes.json', 'more-import-shapes.json', 'odd-import-shapes.json'].flatMap(
  (file): Shape[] => JSON.parse(readFileSync(new URL(`./fixtures/${file}`, import.meta.url), 'utf8')) as Shape[],
);

describe('an entry of a published guide, imported', () => {
  for (const { id, entry, secrets, plain } of shapes) {
    test(`${id}: its secrets are in the vault alone, the rest is readable, and it is started as it was written`, () => {
      const read = readClientEntry('s', entry);
      assert.ok('transport' in read, 'it is an entry');
      const { transport, found } = extractSecrets('s', read.transport, { isTaken: () => false });
      const values = new Map(found.map(({ name, value }) => [name, value]));
      const record = JSON.stringify(transport);
      const written = record.replaceAll(/\$\{secret:[^}]*\}/g, '');
      for (const secret of secrets) {
        const spelt = JSON.stringify(secret).slice(1, -1);
        assert.ok(!written.includes(spelt), `${spelt} stands in ${written}`);
        const isKept = [...values.values()].some((value) => value !== undefined && holds(value, secret));
        assert.ok(isKept, `${spelt} is not in ${JSON.stringify([...values])}`);
      }
      const said = JSON.stringify(found.map(({ name, from }) => [name, from])).toLowerCase();
      for (const secret of secrets.filter((each) => each.length >= 6))
        assert.ok(!said.includes(secret.toLowerCase()), `${secret} is in a name: ${said}`);
      const unquoted = JSON.stringify(transport).replaceAll('\\"', '"');
      for (const text of plain) assert.ok(unquoted.includes(text), `"${text}" is not readable in ${unquoted}`);
      const restored = fillTransport(transport, (name) => {
        const value = values.get(name);
        return value === undefined ? undefined : { value, imported: true };
      });
      const unset = found.filter(({ value }) => value === undefined);
      if (unset.length === 0) assert.deepEqual(restored, read.transport);
      if (secrets.length === 0)
        assert.deepEqual(
          found.flatMap(({ value }) => value ?? []),
          [],
          'nothing else is taken for a secret',
        );
    });
  }
});

function holds(value: string, secret: string): boolean {
  return value.includes(secret) || value === decoded(secret) || JSON.stringify(value).includes(secret);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
