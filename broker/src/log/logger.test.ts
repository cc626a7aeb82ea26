import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLogger, withoutQuery } from './logger.ts';

function logged(format: 'json' | 'pretty', entry: object, message = 'text'): string {
  const lines: string[] = [];
  createLogger({ level: 'info', format, write: (line) => lines.push(line) }).info(entry, message);
  return lines.join('');
}

describe('log', () => {
  test('credentials are redacted however deep they lie, in both formats', () => {
    for (const format of ['json', 'pretty'] as const) {
      const text = logged(format, {
        authorization: 'Bearer s3cr3t-1',
        headers: { cookie: 's3cr3t-2', 'set-cookie': 's3cr3t-3' },
        a: { b: { token: 's3cr3t-4', password: 's3cr3t-5' }, secret: 's3cr3t-6' },
      });
      assert.doesNotMatch(text, /s3cr3t/, format);
      assert.match(text, /\[redacted\]/, format);
    }
  });

  test('the query of a requested URL is left out', () => {
    assert.doesNotMatch(logged('json', { req: { method: 'GET', url: '/setup?token=s3cr3t' } }), /s3cr3t/);
    assert.equal(withoutQuery('/a/b?c=d'), '/a/b');
    assert.equal(withoutQuery('/a/b'), '/a/b');
  });

  test('a pretty line is one line with level, text and fields', () => {
    assert.match(
      logged('pretty', { server: 'memory', count: 2 }),
      /^\d\d:\d\d:\d\d info  text server=memory count=2\n$/,
    );
  });
});
