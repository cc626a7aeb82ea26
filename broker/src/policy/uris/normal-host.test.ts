import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { normalHost } from './normal-host.ts';

describe('the one spelling of a host', () => {
  it('is without the dots and colons at its end, and without the zone of an address', () => {
    for (const [host, spelling] of [
      ['h.example', 'h.example'],
      ['h.example.', 'h.example'],
      ['h.example.:', 'h.example'],
      ['h.example..', 'h.example'],
      ['.h.example', '.h.example'],
      ['[fe80::1%25eth0]', '[fe80::1]'],
      ['[fe80::1%eth0]:', '[fe80::1]'],
      ['[FE80::1]', '[fe80::1]'],
      ['fe80%25eth0', 'fe80%25eth0'],
    ])
      assert.equal(normalHost(host ?? ''), spelling, host);
  });

  it('of an address of IPv4 within one of IPv6 is that of IPv4', () => {
    for (const [host, spelling] of [
      ['[::ffff:1.2.3.4]', '1.2.3.4'],
      ['[::ffff:102:304]', '1.2.3.4'],
      ['[::ffff:ffff:ff]', '255.255.0.255'],
      ['[::ffff:0:0]', '0.0.0.0'],
      ['[::ffff:1]', '[::ffff:1]'],
      ['[::ffff:0:1:2]', '[::ffff:0:1:2]'],
      ['[1::ffff:1:2]', '[1::ffff:1:2]'],
    ])
      assert.equal(normalHost(host ?? ''), spelling, host);
  });

  it('is what was written where that is no host', () => {
    for (const host of [
      '',
      'a:b',
      'h\\x',
      'a:b:c',
      'a:80',
      '[::1]x',
      '[::1%x]y',
      'x[::1]',
      '[::g]',
      '1.2.3.256',
      'a b',
    ])
      assert.equal(normalHost(host), host, host);
  });
});
