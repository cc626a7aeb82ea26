import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import { readCallParams } from './call-params.ts';
import { readEnvelope } from '../edges/envelope.ts';

function read(paramsText: string) {
  const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${paramsText}}`;
  const envelope = readEnvelope(text);
  assert.equal(envelope.kind, 'request');
  return envelope.kind === 'request' ? readCallParams(envelope) : assert.fail();
}

function ok(paramsText: string) {
  const params = read(paramsText);
  assert.ok(typeof params !== 'string', String(params));
  return params;
}

describe('readCallParams', () => {
  it('renames the tool and takes the progress token, and keeps every other character', () => {
    const cases = [
      [
        '{"name":"a__b","arguments":{"n":12345678901234567890,"1":1.0}}',
        '{"name":"b","arguments":{"n":12345678901234567890,"1":1.0}}',
      ],
      ['{"_meta":{"progressToken":1},"name":"a__b"}', '{"_meta":{},"name":"b"}'],
      ['{"_meta":{"progressToken":"x","k":2}, "name":"a__b"}', '{"_meta":{"k":2},"name":"b"}'],
      ['{"name":"a__b","_meta":{"k":2 , "progressToken": 7 }}', '{"name":"b","_meta":{"k":2}}'],
      ['{"name":"a__b","_meta":{"k":2,"progressToken":7,"l":[3]}}', '{"name":"b","_meta":{"k":2,"l":[3]}}'],
      ['{"n\\u0061me":"a__b"}', '{"name":"b"}'],
      ['{"name":"a__b","other":1,"names":[],"task":{"ttl":1}}', '{"name":"b","task":{"ttl":1}}'],
    ] as const;
    for (const [sent, expected] of cases) assert.equal(ok(sent).forUpstream('b'), expected);
    assert.equal(
      ok('{"name":"x","_meta":{"progressToken":12345678901234567890}}').progressToken,
      '12345678901234567890',
    );
  });

  it('keeps the digest and top-level keys of the arguments, and the trace', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const params = ok(
      `{"name":"x","arguments":{"path":"/a","deep":{"secret":1}},"_meta":{"traceparent":"${traceparent}"}}`,
    );
    assert.equal(params.argsDigest, hash('sha256', '{"path":"/a","deep":{"secret":1}}', 'hex'));
    assert.deepEqual(params.argKeys, ['path', 'deep']);
    assert.equal(params.traceId, '0af7651916cd43dd8448eb211c80319c');
    assert.equal(ok('{"name":"x"}').argsDigest, null);
    assert.deepEqual(ok(`{"name":"x","arguments":{"ghp_${'a1'.repeat(18)}":1}}`).argKeys, ['***']);
  });

  it('takes what is null for absent: it is neither read nor forwarded, and what others mean by a null stays', () => {
    const cases = [
      ['{"name":"a__b","arguments":null,"_meta":null}', '{"name":"b"}'],
      ['{"task":null,"name":"a__b","_meta":{"progressToken":null}}', '{"name":"b","_meta":{}}'],
      [
        '{"name":"a__b","arguments":{"x":null},"_meta":{"com.example/k":null}}',
        '{"name":"b","arguments":{"x":null},"_meta":{"com.example/k":null}}',
      ],
    ] as const;
    for (const [sent, expected] of cases) {
      assert.equal(ok(sent).forUpstream('b'), expected);
      assert.equal(ok(sent).progressToken, undefined);
    }
    assert.deepEqual(ok('{"name":"a__b","arguments":null}').argKeys, []);
    assert.equal(ok('{"name":"a__b","arguments":null}').argsDigest, null);
    assert.equal(typeof read('{"name":null}'), 'string');
  });

  it('refuses what the policy and the upstream could read differently', () => {
    for (const sent of ['{}', '{"name":1}', '{"name":"x","arguments":[]}', '{"name":"x","_meta":1}']) {
      assert.equal(typeof read(sent), 'string', sent);
    }
    const doubled = [
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","n\\u0061me":"b"}}',
      '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{}}',
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"progressToken":1,"progressToken":2}}}',
    ];
    for (const text of doubled) {
      const envelope = readEnvelope(text);
      assert.ok(envelope.kind === 'invalid');
      assert.match(envelope.message, /stands twice/);
      assert.equal(envelope.idText, '1');
    }
  });
});
