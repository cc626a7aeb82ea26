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
      'file:///pub/%e0%80%ae%E0%80%AE/secret/key',
      'file:///pub/%f0%80%80%ae./secret/key',
      'file:///pub/%f8%80%80%80%ae%fc%80%80%80%80%ae/secret/key',
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

  it('is that of every reader of a percent sign which is not beside its digits, or is none yet', () => {
    for (const escaped of [
      '%\t2e%2e',
      '%2\n\r%65%2e',
      '%\t2\te.',
      '%25\t2e%2e',
      '%25%092e%2e',
      '%252\t5252e.',
      '\uff052e%2e',
      '\ufe6a2e%2e',
      '%2\uff45%2e',
      '%\uff12e%2e',
      '%ef%bc%852e%2e',
      '%\u00ad2e%2e',
      '%\u200b2e%2e',
      '% 2e%2e',
      '%u\t002e.',
      '%2e%2e%\t2f',
      '%\t5c..%5c',
    ]) {
      const uri = `file:///pub/${escaped}/secret/key`;
      const { normal: all } = uriSpellings(uri);
      assert.ok(all.includes('file:///secret/key'), `${JSON.stringify(uri)}: ${JSON.stringify(all)}`);
    }
    // What one of them joins another one does not: neither hides what the other reads.
    const { normal: mixed } = uriSpellings('file:///pub/%\t2e%2e/secret/\uff052e%2e/../pub/a');
    assert.ok(mixed.some((each) => each.startsWith('file:///secret/')) && mixed.includes('file:///pub/a'));
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

  it('ends its path wherever some reader ends it, before or after it is decoded, and what is behind has no part in its dot segments', () => {
    for (const uri of [
      'file:///pub/../secret/key?/../../pub/a',
      'file:///pub/../secret/key#/../../pub/a',
      'file:///pub/../secret/key?#/../../pub/a',
      'file:///pub/%2e%2e/secret/key%3f/../../pub/a',
      'file:///pub/%252e%252e/secret/key%253f/../../pub/a',
      'file:///pub/../secret/%6bey%23/%2e%2e/../pub/a',
    ]) {
      const { normal: all, denied } = uriSpellings(uri);
      assert.ok(
        all.some((each) => each.startsWith('file:///secret/key')),
        uri,
      );
      assert.ok([...all, ...denied].includes('file:///secret/key'), uri);
    }
    const both = uriSpellings('file:///secret/%3f/../x?y');
    assert.ok(both.normal.some((each) => readableUri(each) === 'file:///secret/x?y'));
    assert.ok(both.normal.some((each) => readableUri(each) === 'file:///secret/?/../x?y'));
  });

  it('has one spelling of a host, by whichever name or address it is written', () => {
    for (const [host, uris] of [
      [
        '127.0.0.1',
        [
          ...['127.1', '2130706433', '0x7f.1', '0x7f000001', '0177.0.0.1', '127.000.000.001', '127.0.0.1.:80'],
          ...[
            '[::ffff:127.0.0.1]',
            '[::FFFF:7f00:1]',
            '[0:0:0:0:0:ffff:7f00:0001]',
            '%31%32%37.1',
            '\u2460\u2461\u2466.1',
          ],
        ],
      ],
      ['[::1]', ['[0:0:0:0:0:0:0:1]', '[::0001]', '[0000::1]:80', '[::1%25lo]', '[::0.0.0.1]']],
      [
        'xn--bcher-kva.example',
        [
          ...['b\u00fccher.example', 'B\u00dcCHER.example', 'bu\u0308cher.example', 'b%C3%BCcher.example'],
          ...[
            'XN--BCHER-KVA.example',
            'b\u00fccher\u3002example',
            'b\u00fccher\uff61example.',
            'b\u00fcch\u00ader.example:0080',
          ],
        ],
      ],
    ] as const)
      for (const each of uris) assert.equal(normal(`http://${each}/a`), `http://${host}/a`, each);
    assert.equal(normalGlob('http://*.b\u00fccher.example/*'), 'http://*.xn--bcher-kva.example/*');
    assert.equal(normal('http://h.example:0080?x'), normal('http://h.example/?x'));
    assert.ok(uriSpellings('http://evil.example\\@h.example/a').normal.includes('http://h.example/a'));
    for (const uri of ['http://256.256.256.256/', 'http://1.2.3.4.5/', 'http://[::g]/'])
      assert.equal(normal(uri), uri, 'what is no host stays');
  });

  it('of a deny is that of a file whatever the host, without parameters, and of a path without a scheme', () => {
    for (const uri of [
      'file://elsewhere/secret/key',
      'file://[::1]/secret/key',
      'file://localhost:80/secret/key',
      'file:///secret;v=1/key;x',
      'file:///secret/key;x?y',
      'url:file:///secret/key',
      '<URL:file:///secret/key',
      '/secret/key',
      'file:///pub/%u002e%u002e/secret/key',
      'file:///pub/.. /secret/key',
      'file:///pub/..%20/secret/key',
      'file:///pub/.\u200b./secret/key',
    ]) {
      const { normal: all, denied } = uriSpellings(uri);
      assert.ok([...all, ...denied].includes('file:///secret/key'), uri);
    }
    const { normal: shared } = uriSpellings('file://elsewhere/a b');
    assert.deepEqual(shared, [], 'an allow of files of a host is not one of files of this computer');
  });

  it('of a rule has wildcards only where its author wrote them', () => {
    assert.equal(normalGlob('FILE:///Pub/%61/*'), 'file:///Pub/a/*');
    assert.equal(normalGlob('https://*.Example.com:443/a?'), 'https://*.example.com/a?');
    assert.equal(normalGlob('svc+FILE:/x/../pub/*'), 'svc+file:///pub/*');
    for (const glob of ['*', 'https://h*', 'file:*', '*/secret/*', 'file:///*']) assert.equal(normalGlob(glob), glob);
    assert.equal(normalGlob('file:///cafe\u0301/*'), 'file:///caf\u00e9/*');
    assert.equal(normalGlob('file:a*'), 'file:///a*');
    assert.equal(normalGlob('file:\\\\\\a\\*'), 'file:///a/*');
    assert.equal(normalGlob('http://*.example'), 'http://*.example/');
    for (const glob of ['file:///a\uff0a', 'file:///a%EF%BC%8A', 'file:///a%2A'])
      assert.equal(readableUri(normalGlob(glob)), 'file:///a*', glob);
    for (const glob of ['file:///a\uff0a', 'file:///a%EF%BC%8A', 'file:///a\uff1f', 'file:///a%3F'])
      assert.ok(!/[*?]/.test(normalGlob(glob)), `another form of a character is no wildcard: ${glob}`);
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
      `x:/${'?#;'.repeat(2_700)}`,
      `x:/${'%2525253f%23'.repeat(600)}`,
      '\\\\'.repeat(4_000),
      '%u002e/'.repeat(1_100),
    ])
      assert.ok(uriSpellings(hostile).normal.every((text) => text.length <= 4 * hostile.length));
  });
});
