import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Transport } from '../../domain/transports/transports.ts';
import { hiddenIn } from './hidden-values.ts';
import { createSecretMask } from './secret-mask.ts';

const transport: Transport = {
  kind: 'stdio',
  command: 'npx',
  args: ['postgresql://postgres:${secret:pw}@db/warehouse7'],
  env: { SORT: '${secret:sort}' },
};

const text = (said: unknown, ...secrets: string[]): string =>
  createSecretMask(hiddenIn(transport, secrets)).message?.text(JSON.stringify(said)) ?? JSON.stringify(said);

describe('what is hidden of a server’s secrets', () => {
  it('is no plain word and no word that stands openly in the record', () => {
    const said = { created_at: 1, user: 'postgres', db: 'warehouse7', env: 'production-internal' };
    assert.equal(text(said, 'created_at', 'postgres', 'warehouse7', 'production-internal', '1'), JSON.stringify(said));
    assert.equal(
      createSecretMask(hiddenIn(transport, ['postgres', '5432'])).text('postgres on 5432'),
      'postgres on 5432',
    );
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
    assert.equal(createSecretMask(hiddenIn(transport, [key])).text('> hkiG9w0BAQEFAASC <'), '> *** <');
  });

  it('is a secret as URLs, forms and paths have it, whoever encoded it', () => {
    const secret = "S3cr3t/Pw!(9) ~'*ü";
    const spelt = {
      'JavaScript, in a query': "S3cr3t%2FPw!(9)%20~'*%C3%BC",
      'Python, in a query': 'S3cr3t%2FPw%21%289%29%20~%27%2A%C3%BC',
      'Python, in a path': 'S3cr3t/Pw%21%289%29%20~%27%2A%C3%BC',
      'Python, in a form': 'S3cr3t%2FPw%21%289%29+~%27%2A%C3%BC',
      'a browser, in a form': 'S3cr3t%2FPw%21%289%29+%7E%27*%C3%BC',
      'small digits': 'S3cr3t%2fPw%21%289%29%20~%27%2a%c3%bc',
      'a whole URL': "S3cr3t/Pw!(9)%20~'*%C3%BC",
    };
    for (const [who, each] of Object.entries(spelt)) {
      assert.equal(text({ url: `https://h/?k=${each}&x` }, secret), '{"url":"https://h/?k=***&x"}', who);
      assert.equal(createSecretMask(hiddenIn(transport, [secret])).text(`k=${each};`), 'k=***;', who);
    }
  });

  it('is each line of its Base64, where that is printed in lines', () => {
    const secret = Array.from({ length: 20 }, (_, index) => `part-${index}`).join('~');
    const encoded = Buffer.from(secret).toString('base64');
    for (const width of [64, 76]) {
      const lines = encoded.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
      const masked = createSecretMask(hiddenIn(transport, [secret])).text(lines.join('\n'));
      assert.equal(masked, lines.map((line) => (line.length < 12 ? line : '***')).join('\n'), `${width}`);
    }
  });

  it('is the password inside of a Basic credential', () => {
    const basic = Buffer.from('ada:S3cr3tPw99').toString('base64');
    assert.equal(text({ a: 'login as ada with S3cr3tPw99' }, basic), '{"a":"login as ada with ***"}');
  });

  it('is what stands in the record within another word, or looks like chance', () => {
    const open = (command: string, secret: string): boolean =>
      hiddenIn({ kind: 'stdio', command, args: [], env: {} }, [secret]).length === 0;
    for (const command of ['q7Jx2pLw', './q7Jx2pLw', 'a-q7Jx2pLw.js', 'xq7Jx2pLw q7Jx2pLw'])
      assert.equal(open(command, 'q7Jx2pLw'), true, command);
    for (const command of ['xq7Jx2pLw', 'q7Jx2pLw9', 'Zq7Jx2pLwA', 'q7Jx2pL'])
      assert.equal(open(command, 'q7Jx2pLw'), false, command);
    const chance = 'q7Jx2pLwq7Jx2pLwq7Jx';
    assert.equal(open(chance, chance), false, 'twenty letters with a digit are no word');
    assert.equal(open(chance.slice(1), chance.slice(1)), true);
    const words = 'qwJxpLwqqwJxpLwqqwJx';
    assert.equal(open(words, words), true, 'without a digit they may be one');
  });

  it('is each line of eight letters, however lines end, and no plain word or line that says what follows', () => {
    const key = '-----BEGIN A KEY-----\r\n  abcdefg1  \r\nabcdef2\r\npostgres\r\n';
    const hidden = hiddenIn(transport, [key]);
    assert.ok(hidden.includes('abcdefg1'));
    assert.ok(!hidden.includes('abcdef2'), 'seven');
    assert.ok(!hidden.includes('postgres'), 'a plain word');
    assert.ok(!hidden.some((each) => each.startsWith('-----BEGIN') && !each.includes('abc')));
    assert.ok(hiddenIn(transport, ['x\nabcdefghijk1-----\n']).includes('abcdefghijk1-----'));
  });

  it('is decoded what came percent-encoded, and left as it is where that is no encoding', () => {
    assert.ok(hiddenIn(transport, ['pa%40ss%2Fword']).includes('pa@ss/word'));
    assert.ok(hiddenIn(transport, ['100%sure-thing']).includes('100%sure-thing'));
  });

  it('is no password where what is encoded has none', () => {
    for (const plain of ['no colon here at all', 'ada:short', 'ada:S3cr3t\u0007Pw99']) {
      const basic = Buffer.from(plain).toString('base64');
      assert.ok(!hiddenIn(transport, [basic]).includes(plain.slice(plain.indexOf(':') + 1)), plain);
    }
    const basic = Buffer.from('ada:S3cr3tPw').toString('base64');
    assert.ok(hiddenIn(transport, [basic]).includes('S3cr3tPw'));
    for (const none of [`${basic}-`, `-${basic}`])
      assert.ok(!hiddenIn(transport, [none]).includes('S3cr3tPw'), 'which is no Base64');
    for (const password of ['\u0007S3cr3tPw', 'S3cr3tPw\u0007']) {
      const odd = Buffer.from(`ada:${password}`).toString('base64');
      assert.ok(!hiddenIn(transport, [odd]).includes(password), 'which is no password');
    }
  });

  it('is in Base64 whatever stands before and behind it, with nothing of it left', () => {
    for (const secret of ['???>>>~~~xY9', '???>>>~~~xY9z', '???>>>~~~xY9zz'])
      for (const before of ['', 'a', 'ab', 'abc'])
        for (const after of ['', 'x', 'xy', 'xyz', '\u00ff\u00ff'])
          for (const encoding of ['base64', 'base64url'] as const) {
            const encoded = Buffer.from(`${before}${secret}${after}`, 'latin1').toString(encoding);
            const masked = text({ a: encoded }, secret);
            const left = encoded.length - (masked.length - '{"a":"***"}'.length);
            const its = Math.floor((secret.length * 4) / 3) - 2;
            assert.ok(masked.includes('***') && left >= its, `${before}|${secret}|${after}: ${encoded} ${masked}`);
          }
  });

  it('is in Base64 from twelve letters on, in both alphabets, and each form once', () => {
    const forms = (secret: string) => hiddenIn(transport, [secret]);
    assert.equal(new Set(forms('aB3?>~~~xY9/')).size, forms('aB3?>~~~xY9/').length);
    assert.ok(forms('aB3?>~~~xY9/').includes(Buffer.from('aB3?>~~~xY9/').toString('base64')));
    assert.ok(forms('aB3?>~~~xY9/').includes(Buffer.from('aB3?>~~~xY9/').toString('base64url')));
    assert.deepEqual(forms('aB3x9--xY9a'), ['aB3x9--xY9a'], 'eleven have no other form');
  });
});
