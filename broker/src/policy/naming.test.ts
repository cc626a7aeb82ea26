import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Subject,
  allowableNames,
  exposedUri,
  isSharedName,
  nameHeads,
  ownNames,
  ruleNames,
  splitName,
  splitUri,
  subjectsOf,
  uriPrefix,
} from './naming.ts';

const withOwnNames = ({ server, names }: Subject) => ({
  server,
  names: names.filter((name) => !isSharedName(name)),
});

describe('the names by which rules know things', () => {
  it('are one of a tool and of a prompt, and two of a resource and of a template', () => {
    assert.deepEqual(ownNames('tools', 'svc', 'a__b'), ['svc__a__b']);
    assert.deepEqual(ownNames('prompts', 'svc', 'a'), ['prompt:svc__a']);
    for (const offered of ['resources', 'templates'] as const)
      assert.deepEqual(ownNames(offered, '7z', 'a:b'), ['resource:a:b', 'resource:n.7z+a:b']);
  });

  it('are besides those that things share: what only reads, what may write, and a tool of which that is not known is both', () => {
    const shared = (...of: Parameters<typeof ruleNames>) =>
      ruleNames(...of).filter((name) => /^(read|write):/.test(name));
    assert.deepEqual(shared('tools', 'svc', 'a', 'read'), ['read:svc']);
    assert.deepEqual(shared('tools', 'svc', 'a', 'write'), ['write:svc']);
    assert.deepEqual(shared('tools', 'svc', 'a'), ['read:svc', 'write:svc']);
    for (const kind of ['prompts', 'resources', 'templates'] as const)
      assert.deepEqual(shared(kind, 'svc', 'a', 'write'), ['read:svc'], kind);
    assert.deepEqual(allowableNames(ruleNames('tools', 'svc', 'a')), ['svc__a', 'write:svc']);
    assert.deepEqual(allowableNames(ruleNames('tools', 'svc', 'a', 'read')), ['svc__a', 'read:svc']);
    assert.deepEqual(ruleNames('tools', '', 'write:svc'), ['write:svc'], 'a name of its own, whatever it looks like');
  });

  it('are three of what shows an app or belongs to a skill, whose scheme stays in front for clients', () => {
    assert.deepEqual(ownNames('resources', '7z', 'ui://a/b'), [
      'resource:ui://a/b',
      'resource:n.7z+ui://a/b',
      'resource:ui://7z+/a/b',
    ]);
    assert.deepEqual(ownNames('events', 'svc', 'mail.came'), ['event:svc__mail.came']);
    for (const own of [
      'ui://a/b',
      'skill://a/SKILL.md',
      'skill:///x',
      'ui://',
      'ui://svc+/a',
      'a:b',
      'UI://a',
      'ui:/a',
    ])
      for (const server of ['svc', '7z', '-x'])
        assert.deepEqual(splitUri(exposedUri(server, own)), { server, rest: own }, own);
    assert.equal(exposedUri('svc', 'skill://git/SKILL.md'), 'skill://svc+/git/SKILL.md');
    for (const uri of ['ui://a/b', 'ui://a+b/c', 'ui://A+/b', 'ui://+/b', 'ui://a/b+/c', 'skill://a'])
      assert.equal(splitUri(uri), undefined, uri);
  });

  it('are as they were written where they say no server', () => {
    assert.deepEqual(ruleNames('tools', '', 'a'), ['a']);
    assert.deepEqual(ruleNames('prompts', '', 'a'), ['prompt:a']);
    assert.deepEqual(ruleNames('resources', '', 'a:b'), ['resource:a:b']);
  });

  it('begin as all of the server do', () => {
    for (const [server, prefix] of [
      ['svc', 'svc+'],
      ['7z', 'n.7z+'],
    ] as const) {
      assert.equal(uriPrefix(server), prefix);
      assert.deepEqual(nameHeads(server), [
        [`${server}__`],
        [`prompt:${server}__`],
        [`event:${server}__`],
        ['resource:', `resource:${prefix}`],
        ['resource:ui://', `resource:${prefix}ui://`, `resource:ui://${server}+/`],
        ['resource:skill://', `resource:${prefix}skill://`, `resource:skill://${server}+/`],
      ]);
    }
  });

  it('are taken apart at the first place that ends a server', () => {
    assert.deepEqual(splitName('svc__a__b'), { server: 'svc', rest: 'a__b' });
    assert.deepEqual(splitName('svc__'), { server: 'svc', rest: '' });
    for (const name of ['svc', '__a', '', 'svc_a']) assert.equal(splitName(name), undefined, name);
    assert.deepEqual(splitUri('svc+a+b:c'), { server: 'svc', rest: 'a+b:c' });
    assert.deepEqual(splitUri('n.7z+a:b'), { server: '7z', rest: 'a:b' });
    assert.deepEqual(splitUri('an.7z+a:b'), { server: 'an.7z', rest: 'a:b' });
    for (const uri of ['a:b', '+a:b', '']) assert.equal(splitUri(uri), undefined, uri);
  });

  it('lead to what is meant by them', () => {
    const servers = ['7z', 'svc'];
    for (const [name, subjects] of [
      ['svc__a__b', [{ server: 'svc', names: ['svc__a__b'] }]],
      ['other__a', [{ server: 'other', names: ['other__a'] }]],
      ['prompt:svc__a', [{ server: 'svc', names: ['prompt:svc__a'] }]],
      ['event:svc__a', [{ server: 'svc', names: ['event:svc__a'] }]],
      ['a', [{ server: '', names: ['a'] }]],
      [
        'resource:ui://svc+/a',
        [{ server: 'svc', names: ['resource:ui://a', 'resource:svc+ui://a', 'resource:ui://svc+/a'] }],
      ],
      ['prompt:a', [{ server: '', names: ['prompt:a'] }]],
      ['resource:svc+a:b', [{ server: 'svc', names: ['resource:a:b', 'resource:svc+a:b'] }]],
      ['resource:n.7z+a:b', [{ server: '7z', names: ['resource:a:b', 'resource:n.7z+a:b'] }]],
      [
        'resource:a:b',
        [
          { server: '7z', names: ['resource:a:b', 'resource:n.7z+a:b'] },
          { server: 'svc', names: ['resource:a:b', 'resource:svc+a:b'] },
        ],
      ],
      [
        'resource:git+a:b',
        [
          { server: '7z', names: ['resource:git+a:b', 'resource:n.7z+git+a:b'] },
          { server: 'svc', names: ['resource:git+a:b', 'resource:svc+git+a:b'] },
        ],
      ],
    ] as const)
      assert.deepEqual(subjectsOf(name, servers).map(withOwnNames), subjects, name);
    assert.deepEqual(subjectsOf('resource:a:b', []), []);
  });
});
