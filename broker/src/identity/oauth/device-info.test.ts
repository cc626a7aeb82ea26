import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceInfoSchema, readDeviceInfo } from './device-info.ts';

const SEEN = { address: '192.0.2.1', now: 7, proofHash: 'hash' };

test('the name and platform that a device gives are kept beside the address that the broker has seen', () => {
  const params = { device_name: 'laptop', device_platform: 'linux', workspace: 'team-b' };
  assert.deepEqual(readDeviceInfo(params, SEEN), {
    ...{ name: 'laptop', platform: 'linux', workspace: 'team-b' },
    ...{ address: '192.0.2.1', requestedAt: 7, proofHash: 'hash' },
  });
});

test('a name or platform that a device leaves out, or that is no text, is kept as unnamed and unknown', () => {
  for (const nothing of [undefined, 7, {}, '', '  ', '\u202e\u0000']) {
    const { name, platform } = readDeviceInfo({ device_name: nothing, device_platform: nothing }, SEEN);
    assert.deepEqual([name, platform], ['unnamed device', 'unknown']);
  }
  assert.equal(readDeviceInfo({}, SEEN).workspace, null, 'wherever the person is');
  for (const odd of ['', 7, '\u200b']) assert.equal(readDeviceInfo({ workspace: odd }, SEEN).workspace, '?');
});

test('its words are one line of at most 64 characters that draws nothing', () => {
  const nameOf = (text: string) => readDeviceInfo({ device_name: text }, SEEN).name;
  assert.equal(nameOf('  a \t b\r\n c\u2028d\u2029e '), 'a b cde');
  assert.equal(nameOf('a\u202eb\u200bc\u0007d\ue000e\u{e0001}f'), 'abcdef');
  assert.equal(nameOf('e\u0301'), 'é', 'composed');
  assert.equal(nameOf('x'.repeat(65)), 'x'.repeat(64));
});

test('a device login that an older broker has stored is read, without a proof and without a workspace', () => {
  const kept = { name: 'a', platform: 'b', address: 'c', requestedAt: 1 };
  assert.deepEqual(DeviceInfoSchema.parse(kept), { ...kept, proofHash: null, workspace: null });
});
