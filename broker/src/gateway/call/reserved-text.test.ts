import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { asSeen, markReservedMembers } from './reserved-text.ts';

describe('asSeen', () => {
  it('marks texts that begin as ours and _meta keys of ours, and touches nothing else', () => {
    const text =
      '{"_meta": {"mcpgate/decision":{"n":12345678901234567890},"other":1},"content":[{"type":"text","text":"[mcpgate denied] x"},' +
      '{"type":"text","text":"see [mcpgate]"},{"type":"resource","resource":{"uri":"u","text":"\\n\\u005bMCPGATE] y","_meta":{"mcpgate/x":1}}}]}';
    assert.equal(
      asSeen(text, 'fix'),
      '{"_meta": {"[from fix] mcpgate/decision":{"n":12345678901234567890},"other":1},"content":[{"type":"text","text":"[from fix] [mcpgate denied] x"},' +
        '{"type":"text","text":"see [mcpgate]"},{"type":"resource","resource":{"uri":"u","text":"[from fix] \\n\\u005bMCPGATE] y","_meta":{"[from fix] mcpgate/x":1}}}]}',
    );
  });

  it('marks the message of an error, and a key or text hidden behind escapes or written twice', () => {
    assert.equal(asSeen('{"code":1,"message":"[mcpgate] do"}', 's'), '{"code":1,"message":"[from s] [mcpgate] do"}');
    const hidden = asSeen('{"content":[{"text":"\\u005b\\u006dcpgate] hi"}],"_meta":{"\\u006dcpgate/x":1}}', 's');
    assert.match(hidden, /"\[from s\] \\u005b/);
    assert.match(hidden, /"\[from s\] \\u006dcpgate\/x"/);
    const twice = asSeen('{"content":[{"text":"[mcpgate] 1"}],"content":[]}', 's');
    assert.match(twice, /\[from s\] \[mcpgate\] 1/);
  });

  it('leaves odd shapes alone and stays valid JSON', () => {
    const odd = fc.constantFrom('[mcpgate] a', 'mcpgate/x', ' [mcpgate', 'é\u0001', '');
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, odd, fc.integer(), fc.array(tie('any')), tie('object')),
      object: fc.dictionary(
        fc.constantFrom('content', 'text', '_meta', 'resource', 'message', 'mcpgate/a'),
        tie('any'),
      ),
    })).object;
    fc.assert(
      fc.property(value, (object) => {
        const marked = asSeen(JSON.stringify(object), 's');
        assert.equal(JSON.stringify(JSON.parse(marked)).replaceAll('[from s] ', ''), JSON.stringify(object));
      }),
    );
  });
});

describe('markReservedMembers', () => {
  it('marks the named members only', () => {
    const text = '{"title":"[mcpgate] t","name":"[mcpgate]"}';
    assert.equal(markReservedMembers(text, ['title'], 's'), '{"title":"[from s] [mcpgate] t","name":"[mcpgate]"}');
  });
});
