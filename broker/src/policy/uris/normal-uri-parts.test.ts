import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readableUri, uriSpellings } from './normal-uri.ts';

const normal = (uri: string) => uriSpellings(uri).normal.at(0) ?? uri;

describe('the one spelling of a URI, part by part,', () => {
  it('is decoded until nothing is left of the encoding, eight times at most, and what is no text stays encoded', () => {
    for (const [uri, spelling] of [
      [`demo:%${'25'.repeat(7)}41`, 'demo:A'],
      [`demo:%${'25'.repeat(8)}41`, 'demo:%41'],
      ['demo:%C1%81', 'demo:A'],
      ['demo:%c1%81%ff', 'demo:A%FF'],
      ['demo:%c1%bfx%ff', 'demo:\u007fx%FF'],
      ['demo:%c3%a9', 'demo:\u00e9'],
      ['demo:%c3%a9%ff', 'demo:%C3%A9%FF'],
      ['demo:%c2%80%ff', 'demo:%C2%80%FF'],
      ['demo:%7fx%ff', 'demo:\u007fx%FF'],
      ['demo:%e0%81%81', 'demo:A'],
      ['demo:%f0%80%81%81', 'demo:A'],
      ['demo:%f8%80%80%81%81%ff', 'demo:A%FF'],
      ['demo:%fc%80%80%80%81%81', 'demo:A'],
      ['demo:%fe%80%80%80%80%81%81', 'demo:%FE%80%80%80%80%81%81'],
      ['demo:%ff%80%80%80%80%80%81%81', 'demo:%FF%80%80%80%80%80%81%81'],
      ['demo:%80%81', 'demo:%80%81'],
      ['demo:%c1', 'demo:%C1'],
      ['demo:%c1%41', 'demo:%C1A'],
      ['demo:%c1%c1', 'demo:%C1%C1'],
      ['demo:%41%ff%42', 'demo:A%FFB'],
      ['demo:%', 'demo:%'],
      ['demo:%4', 'demo:%4'],
      ['demo:%4g', 'demo:%4g'],
      ['demo:%u0041%u00e9', 'demo:A\u00e9'],
      ['demo:%U0041', 'demo:A'],
      ['demo:%u004', 'demo:%u004'],
    ] as const)
      assert.equal(normal(uri), spelling, uri);
  });

  it('is without a default port where the scheme has one, and with every other', () => {
    for (const [scheme, port] of [
      ['http', '80'],
      ['ws', '80'],
      ['https', '443'],
      ['wss', '443'],
      ['ftp', '21'],
      ['git+https', '443'],
    ] as const) {
      assert.equal(normal(`${scheme}://h.example:${port}/a`), `${scheme}://h.example/a`);
      assert.equal(normal(`${scheme}://h.example:0${port}`), `${scheme}://h.example/`);
      assert.equal(normal(`${scheme}://h.example:8080/a/`), `${scheme}://h.example:8080/a/`);
    }
    assert.equal(normal('demo://h.example:80/a'), 'demo://h.example:80/a');
    assert.equal(normal('demo://h.example:/a'), 'demo://h.example/a');
    assert.equal(normal('demo://h.example.:/a'), 'demo://h.example/a');
    assert.equal(normal('demo://h.example'), 'demo://h.example', 'only schemes of the web have a path in any case');
  });

  it('is without blanks and what is not shown, at both ends and in a dot segment, but with a control at the end', () => {
    for (const blank of [' ', '\u00a0', '\u200b', '\u2028', '\u00ad', '\u034f', '\ufeff'])
      for (const uri of [`${blank.repeat(2)}demo://h/a`, `demo://h/a${blank.repeat(2)}`])
        assert.equal(normal(uri), 'demo://h/a', JSON.stringify(uri));
    assert.equal(normal('\u0001demo://h/a'), 'demo://h/a');
    assert.equal(normal('demo://h/a\u0001'), 'demo://h/a\u0001');
    assert.equal(normal('de\tmo:/\r\n/h/a'), 'demo://h/a');
    for (const hidden of ['\u0001', '\u200b', '\u00a0', '\u034f'])
      assert.equal(normal(`demo://h/b/.${hidden}.${hidden}/a`), 'demo://h/a', JSON.stringify(hidden));
    assert.equal(normal('demo://h/a b/'), 'demo://h/a b/', 'a blank within a name is a part of it');
  });

  it('is that without the words that are put before a URI', () => {
    for (const uri of ['url:demo://h/a', 'URL:url:demo://h/a', '<url:demo://h/a'])
      assert.equal(normal(uri), 'demo://h/a', uri);
    for (const uri of ['<demo:a', 'urn:url:a', 'urls:demo']) assert.equal(normal(uri), uri);
  });

  it('has no dot segments and no empty ones, in a path with a beginning or without, and the slash at its end is kept', () => {
    for (const [uri, spelling] of [
      ['demo:a/../b', 'demo:b'],
      ['demo:/a/..', 'demo:/'],
      ['demo:/a/../..', 'demo:/'],
      ['demo:a/..', 'demo:'],
      ['demo:/a/.', 'demo:/a/'],
      ['demo:/a/b/..', 'demo:/a/'],
      ['demo:/a//', 'demo:/a/'],
      ['demo:/a/./b', 'demo:/a/b'],
      ['demo:/a/.b/..c/...', 'demo:/a/.b/..c/...'],
      ['demo:/a/.;x/b', 'demo:/a/b'],
      ['../a', 'a'],
      ['/../a', '/a'],
      ['a/../../b', 'b'],
      ['demo://h/..', 'demo://h/'],
      ['demo://h', 'demo://h'],
      ['demo:a//b', 'demo:a/b'],
      ['/a/x:B/../c', '/a/c'],
      ['http://h/a#x', 'http://h/a#x'],
    ] as const)
      assert.equal(normal(uri), spelling, uri);
  });

  it('of a file has three slashes, whatever stood there, and its host where that is not this computer', () => {
    for (const [uri, spelling] of [
      ['file:', 'file:///'],
      ['file:/', 'file:///'],
      ['file://', 'file:///'],
      ['file://host', 'file://host/'],
      ['file://host#x', 'file://host/#x'],
      ['svc+file:a', 'svc+file:///a'],
      ['file://LOCALHOST./a', 'file:///a'],
      ['file://127.0.0.1:/a', 'file:///a'],
      ['file://me@localhost/a', 'file:///a'],
      ['file://localhost.:/a', 'file:///a'],
      ['file://Host:/a', 'file://host/a'],
      ['file://a.b:/c', 'file://a.b/c'],
      ['file://127.0.0.2/a', 'file://127.0.0.2/a'],
      ['files:a', 'files:a'],
      ['file+x:a', 'file+x:a'],
    ] as const)
      assert.equal(normal(uri), spelling, uri);
  });

  it('of a host in letters of either case is in small ones, and without the name before an @', () => {
    assert.equal(normal('demo://A.Example/B'), 'demo://a.example/B');
    assert.equal(normal('demo://a@b@c/d'), 'demo://c/d');
    assert.equal(normal('http://a:80@c/d'), 'http://c/d');
    for (const uri of ['demo://127.1/a', 'demo://b\u00fccher/a'])
      assert.equal(normal(uri), uri, 'what is a host to others is no address and no name of the web');
    assert.equal(normal('http://a:b/c'), 'http://a:b/c', 'what is no port stays');
    assert.equal(normal('DEMO+X-1.2://h/a'), 'demo+x-1.2://h/a');
    assert.equal(normal('1http://H/a'), '1http:/H/a', 'a scheme begins with a letter');
  });

  it('of what looks plain is looked for too where somebody may read it in another way', () => {
    for (const [uri, spelling] of [
      ['http://0x7f.1/a', 'http://127.0.0.1/a'],
      ['http://h.1/a', 'http://h.1/a'],
      ['http://017700000001/a', 'http://127.0.0.1/a'],
      ['http://1.2.772/a', 'http://1.2.3.4/a'],
      ['http://0x/a', 'http://0.0.0.0/a'],
      ['http://0x7f/a', 'http://0.0.0.127/a'],
      ['demo:///../a', 'demo:///a'],
      ['demo://h/a//', 'demo://h/a/'],
      ['demo:file:///a', 'demo:file:/a'],
      ['x\u00e9://h/a', 'x\u00e9:/h/a'],
      ['demo://h/a/..', 'demo://h/'],
      ['demo://h/./a', 'demo://h/a'],
      ['demo://h/a;x/../b', 'demo://h/b'],
      ['demo://h//a', 'demo://h/a'],
      ['demo://h/a\\b', 'demo://h/a/b'],
    ] as const)
      assert.equal(normal(uri), spelling, uri);
  });

  it('and all that rules are asked about besides, and no more', () => {
    for (const [uri, spellings, shorter] of [
      ['demo://h/a', [], []],
      ['demo://h/a/', [], ['demo://h/a']],
      ['demo://h/a/;x/', [], ['demo://h/a', 'demo://h/a//', 'demo://h/a/;x']],
      ['demo://h/a;x/b;y', [], ['demo://h/a/b']],
      ['demo://h/a\\b', ['demo://h/a/b'], []],
      ['demo://h\\a', ['demo://h/a'], []],
      ['git+file://h/a/b.c', [], ['git+file:///a/b.c']],
      ['file://h', ['file://h/'], ['file:///']],
      ['/a', [], ['file:///a']],
      ['//h/a', [], ['file:///h/a']],
      ['?a/../b', ['?a/../b', 'b'], ['']],
      ['#a/../b', ['b'], ['']],
      ['demo://h/a#file://x/b', ['demo://h/a#file:/x/b'], ['demo://h/a']],
      ['demo://h/a?/../b?c', ['demo://h/a?/../b?c', 'demo://h/b?c'], ['demo://h/a', 'demo://h/b']],
      ['demo://h/a#/../b#c', ['demo://h/b#c'], ['demo://h/a', 'demo://h/b']],
      ['demo://h/a?b#c', ['demo://h/a?b#c'], ['demo://h/a', 'demo://h/a?b']],
      ['demo://h/a%3fb?c', ['demo://h/a?b?c'], ['demo://h/a', 'demo://h/a?b']],
      ['demo://h/a\0b', ['demo://h/a'], []],
    ] as const) {
      const { normal: all, denied } = uriSpellings(uri);
      const read = (texts: readonly string[]) => texts.map(readableUri).toSorted((a, b) => (a < b ? -1 : 1));
      assert.deepEqual([read(all), read(denied)], [spellings, shorter], uri);
    }
    assert.equal(readableUri('a\0'), 'a%00');
  });
});
