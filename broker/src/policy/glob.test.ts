import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileGlob, matchesAllBelow, matchesSomeBelow } from './glob.ts';

describe('a glob and all texts that begin alike', () => {
  it('may match some of them, or each', () => {
    const head = 'svc__';
    for (const glob of ['*', 'svc__*', 's*', 'svc__echo', '*echo', 'sv?__*', 's*c_*x', '??????'])
      assert.ok(matchesSomeBelow(glob, head), glob);
    for (const glob of ['svc', 'svc2__*', 'open__*', 'prompt:*', '', 'svc_', 'x*'])
      assert.ok(!matchesSomeBelow(glob, head), glob);
    for (const glob of ['*', 'svc__*', 's*', 'sv?__*', '**', 's*c*']) assert.ok(matchesAllBelow(glob, head), glob);
    for (const glob of ['svc__?*', 'svc__e*', '*echo', 'svc__', 'svc2*', ''])
      assert.ok(!matchesAllBelow(glob, head), glob);
  });

  it('says nothing that a text contradicts', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '_', '*', '?'), maxLength: 6 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '_'), maxLength: 4 });
    fc.assert(
      fc.property(pattern, text, text, (glob, head, rest) => {
        const matches = compileGlob(glob).matches(head + rest);
        if (matches) assert.ok(matchesSomeBelow(glob, head));
        if (matchesAllBelow(glob, head)) assert.ok(matches);
      }),
    );
  });
});
