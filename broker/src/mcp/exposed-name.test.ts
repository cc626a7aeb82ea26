import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { exposedName, isCutName } from './exposed-name.ts';

describe('exposedName', () => {
  it('prefixes, and leaves alone what is short and legal', () => {
    assert.equal(exposedName('github', 'create_issue'), 'github__create_issue');
    assert.equal(exposedName('a', 'x'.repeat(47)).length, 50);
    assert.equal(isCutName(exposedName('github', 'create_issue')), false);
  });

  it('cuts what is long or has other characters to a stable, legal, different name', () => {
    const long = 'a_tool_with_a_name_that_nobody_would_want_to_type_ever';
    assert.equal(exposedName('github', long), exposedName('github', long));
    assert.notEqual(exposedName('github', `${long}1`), exposedName('github', `${long}2`));
    assert.notEqual(exposedName('github', 'a.b'), exposedName('github', 'a/b'));
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200 }), (tool) => {
        const name = exposedName('srv', tool);
        assert.match(name, /^srv__[a-zA-Z0-9_-]{1,45}$/);
        if (name !== `srv__${tool}`) assert.ok(isCutName(name));
      }),
    );
  });
});
