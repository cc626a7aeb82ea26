import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { normalGlob, readableUri, uriSpellings } from './normal-uri.ts';

const normal = (uri: string) => uriSpellings(uri).normal.at(0) ?? uri;

describe('the one spelling of a URI', () => {
  it('is the same for all that some reader takes for it', () => {
    const spellings = [
      'file:///%73ecret/key',
      'FILE:///secret/key',
      'file:/secret/key',
      'file:secret/key',
      'file://localhost/secret/key',
      'file:////secret//key',
      'file:///./secret/./key',
      'file:///pub/../secret/key',
      'file:///pub/%2e%2e/secret/key',
      'file:///pub/%2E./secret/key',
      'file:///pub%2f..%2fsecret%2fkey',
      'file:///pub/%252e%252e/secret/key',
      'file:///pub/%25252e%25252e%25252fsecret/key',
      'file:\\\\\\secret\\key',
      'file:///pub/..\\secret\\key',
      'file:///pub/%5c..%5c..%5csecret/key',
      ' file:///secret/key\u200b',
      'file:///sec\tret/\nkey',
      'file:///pub/x?/../../secret/key',
      'file:///pub/x#/../../secret/key',
      'file:///pub/..;/secret/key',
      'file:///pub/..;a=b/secret/key',
      'file:///../../secret/key',
      'file:///pub/\uff0e\uff0e\uff0fsecret/key',
      'file:///pub/%c0%ae%c0%ae%c0%afsecret/key',
      'file://127.0.0.1/secret/key',
    ];
    for (const uri of spellings) assert.equal(normal(uri), 'file:///secret/key', uri);
    for (const uri of [
      'HTTPS://H.Example:443/a',
      'https://me:pw@h.example/a',
      'https://h.example./a',
      'https://h.example:/a',
      'https://h.example//a',
      'https://h.example/b/../a',
      'https://h.example/%61',
      'https:/h.example/a',
      'https:////h.example/a',
    ])
      assert.equal(normal(uri), 'https://h.example/a', uri);
    assert.equal(normal('https://h.example'), 'https://h.example/');
    assert.equal(normal('http://h:8080/'), 'http://h:8080/');
  });

  it('leaves alone what is plain, and keeps apart what is different', () => {
    for (const uri of [
      'file:///pub/a',
      'demo://resource/static/a.txt',
      'https://h.example/a/b',
      'urn:a:b',
      'file:///my docs/é',
    ])
      assert.equal(normal(uri), uri);
    for (const [one, other] of [
      ['file:///a', 'file:///A'],
      ['https://h/a', 'http://h/a'],
      ['https://h:444/a', 'https://h/a'],
      ['https://h/a?b', 'https://h/a'],
      ['doc:a', 'doc:b'],
      ['file://h/a', 'file:///a'],
    ] as const)
      assert.notEqual(normal(one), normal(other), one);
  });

  it('of a deny is shorter too: without fragment, query and the slash at its end; of an allow ends at a NUL too', () => {
    for (const uri of [
      'file:///secret/key?x=1',
      'file:///secret/key#x',
      'file:///secret/key/',
      'file:///secret/key//?a#b',
      'file:///secret/key%23x',
      'file:///secret/key%3Fx',
    ])
      assert.ok(uriSpellings(uri).denied.includes('file:///secret/key'), uri);
    for (const uri of ['file:///secret/key%00', 'file:///secret/key%00.txt', 'file:///secret/key\0/../..']) {
      assert.ok(uriSpellings(uri).normal.includes('file:///secret/key'), uri);
      assert.equal(uriSpellings(uri).normal.length, 2, uri);
    }
  });

  it('of a rule has wildcards only where its author wrote them', () => {
    assert.equal(normalGlob('FILE:///Pub/%61/*'), 'file:///Pub/a/*');
    assert.equal(normalGlob('https://*.Example.com:443/a?'), 'https://*.example.com/a?');
    assert.equal(normalGlob('svc+FILE:/x/../pub/*'), 'svc+file:///pub/*');
    for (const glob of ['*', 'https://h*', 'file:*', '*/secret/*', 'file:///*']) assert.equal(normalGlob(glob), glob);
    const encoded = normalGlob('file:///a%2Ab');
    assert.ok(!encoded.includes('*'));
    assert.equal(readableUri(encoded), 'file:///a*b');
    assert.equal(encoded, normal('file:///a*b'));
  });

  it('costs time in proportion to the length, whatever is written', () => {
    for (const hostile of [
      '%25'.repeat(2_700),
      '../'.repeat(2_700),
      '//'.repeat(4_000),
      `file:///${'a/../'.repeat(1_600)}`,
      `x:/${'a.'.repeat(4_000)}`,
      '%c0'.repeat(2_700),
    ])
      assert.ok(uriSpellings(hostile).normal.every((text) => text.length <= 4 * hostile.length));
  });
});
