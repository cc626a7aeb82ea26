import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renamedWhat, shiftOf } from './renamed-server.ts';

describe('a rule about a server that is renamed', () => {
  it('is rewritten where it names the server exactly: its tools, prompts and resources', () => {
    for (const [what, now] of [
      ['gh__*', 'github__*'],
      ['gh__search', 'github__search'],
      ['prompt:gh__?', 'prompt:github__?'],
      ['resource:gh+repo://*', 'resource:github+repo://*'],
      // These are about other servers, or about names with wildcards.
      ['ghe__*', 'ghe__*'],
      ['gh*', 'gh*'],
      ['*', '*'],
      ['resource:gh://x', 'resource:gh://x'],
      ['prompt:gh', 'prompt:gh'],
    ] as const)
      assert.equal(renamedWhat(what, 'gh', 'github'), now, what);
    assert.equal(renamedWhat('resource:n.1st+x', '1st', 'first'), 'resource:first+x');
    assert.equal(renamedWhat('resource:first+x', 'first', '1st'), 'resource:n.1st+x');
  });

  it('means the same of it where it is rewritten, or where its wildcards cover both names', () => {
    for (const what of ['gh__*', 'gh__search', 'prompt:gh__*', '*', '**', '*__search', 'g*__*', 'resource:*', 'x__*'])
      assert.equal(shiftOf(what, 'gh', 'github'), undefined, what);
  });

  it('with wildcards is said to mean less or more of it: what a pattern matched of it is no more, or was not before', () => {
    assert.equal(shiftOf('gh*', 'gh', 'github'), 'less');
    assert.equal(shiftOf('??__*', 'gh', 'github'), 'less');
    assert.equal(shiftOf('*hub__*', 'gh', 'github'), 'more');
    assert.equal(shiftOf('git*', 'gh', 'github'), 'more');
    assert.equal(shiftOf('github__*', 'gh', 'github'), 'more', 'rules that wait for a server of the new name');
    assert.equal(shiftOf('prompt:git*', 'gh', 'github'), 'more');
    assert.equal(shiftOf('resource:g?+*', 'gh', 'gl'), undefined);
    assert.equal(shiftOf('resource:g?+*', 'gh', 'github'), 'less');
  });
});
