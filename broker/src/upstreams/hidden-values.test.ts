import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Transport } from '../domain/server-record.ts';
import { hiddenIn } from './hidden-values.ts';
import { createMessageMask, createTextMask } from './secret-mask.ts';

const transport: Transport = {
  kind: 'stdio',
  command: 'npx',
  args: ['postgresql://postgres:${secret:pw}@db/warehouse7'],
  env: { SORT: '${secret:sort}' },
};

const text = (said: unknown, ...secrets: string[]): string =>
  createMessageMask(hiddenIn(transport, secrets))?.text(JSON.stringify(said)) ?? JSON.stringify(said);

describe('what is hidden of a server’s secrets', () => {
  it('is no plain word and no word that stands openly in the record', () => {
    const said = { created_at: 1, user: 'postgres', db: 'warehouse7', env: 'production-internal' };
    assert.equal(text(said, 'created_at', 'postgres', 'warehouse7', 'production-internal', '1'), JSON.stringify(said));
    assert.equal(createTextMask(hiddenIn(transport, ['postgres', '5432']))('postgres on 5432'), 'postgres on 5432');
  });

  it('is everything else, however ordinary its beginning', () => {
    for (const secret of [
      'correct horse battery',
      'gzzrthvxcmwjieqdtoxf',
      'Postgres-2026!',
      'ghp_a1B2c3D4e5',
      'hunter2hunter2',
    ])
      assert.equal(text({ a: `x ${secret} y` }, secret), '{"a":"x *** y"}', secret);
  });

  it('is a secret percent-encoded, in Base64 wherever it begins, and line by line', () => {
    const secret = 'S3cr3t/Pw+9?x=1';
    assert.equal(text({ url: `https://h/?k=${encodeURIComponent(secret)}` }, secret), '{"url":"https://h/?k=***"}');
    for (const before of ['', 'a', 'ab', 'user:']) {
      const encoded = Buffer.from(`${before}${secret}`).toString('base64');
      const masked = text({ a: encoded }, secret);
      assert.match(masked, /\*\*\*/, before);
      const left = Buffer.from(masked.replaceAll('***', ''), 'base64').toString();
      assert.ok(!left.includes(secret.slice(2, -2)));
    }
    const key = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n';
    assert.equal(text({ a: 'MIIEvQIBADANBgkq', b: key }, key), '{"a":"***","b":"***"}');
    assert.equal(createTextMask(hiddenIn(transport, [key]))('> hkiG9w0BAQEFAASC <'), '> *** <');
  });

  it('is the password inside of a Basic credential', () => {
    const basic = Buffer.from('ada:S3cr3tPw99').toString('base64');
    assert.equal(text({ a: 'login as ada with S3cr3tPw99' }, basic), '{"a":"login as ada with ***"}');
  });
});
