import assert from 'node:assert/strict';
import { test } from 'node:test';
import { senseOfValue, type ValueSense } from './value-sense.ts';

const VALUES: Readonly<Record<ValueSense, readonly string[]>> = {
  trivial: ['', ' ', 'true', 'No', 'ON', 'null', 'default', '-', '*', '[]', '{}'],
  token: ['ghp_0123456789abcdefABCDEF', ' xoxb-123456789012-123456789012-AbCdEfGhIjKl '],
  number: ['0', '-5', '+1.5', '1,000', '30s', '250ms', '10kb', '3MiB', '90%'],
  uuid: ['0b8f6a52-6a3e-4a55-9a55-0f4b3c1d2e3f', '0B8F6A52-6A3E-4A55-9A55-0F4B3C1D2E3F'],
  path: [
    '/a/b.pem',
    '/',
    './x',
    '../x/y',
    '~/key',
    'C:\\keys\\a',
    'file:///a',
    '%APPDATA%\\x',
    '${HOME}/x',
    '/srv/my files/x',
  ],
  ordinary: [
    'word',
    'two words',
    'eu-central-1',
    '@scope/pkg@1.2.3',
    'pkg@latest',
    'v1.2.3-beta.1',
    '2026-11-30T08:00:00Z',
    'getWorkspaceListOfEverybody',
    'workspace_list_of_everybody_here',
    'https://docs.example.com/guides/getting-started',
    'claude-opus-4-20260514',
    'text/event-stream',
    'a1b2',
    'abcde',
    'abcde1',
    'aB3dE',
    'x-aB3d',
    'ABcdef7',
    'a1b2c3',
    '1234567890123456x',
    'qzxwvbnmklprty4s',
    'qzxwvbnmklprtysdfg',
    'QZXWVBNMKLPRTYSDFG',
    'GetWorkspaceListOfEverybody1234',
    'hello1',
    'Workspace12',
    '1111111111111111aa',
  ],
  odd: [
    'q7Jx2pLw',
    'x-aB3dE',
    'ABcdefg7',
    'a1b2cdef',
    'p4ss!word',
    'a1b2c3d4e5',
    'x-q7Jx2pLw',
    'aB3dEf',
    'sha256:3f9a1c7e5b2d4f6a8c0e',
    '@acme/q8Zr1LmX4vT7pKc2NdYw6HbJ',
  ],
  random: [
    'q8Zr1LmX4vT7pKc2NdYw6HbJ',
    'see q8Zr1LmX4vT7pKc2NdYw6HbJ there',
    'tenant-q8Zr1LmX4vT7pKc2NdYw6HbJ',
    'a/q8Zr1LmX4vT7pKc2NdYw6HbJ',
    '/srv/q8Zr1LmX4vT7pKc2NdYw6HbJ',
    'qZxWvBnMkLpRtYsDfG',
    `${'aB'.repeat(11)}cd==`,
    'q8Zr1LmX4vT7pKc2',
    'qZxWvBnMkLpRtYsD',
    'qzxwvbnmklprty42',
    '13579024680246ab',
  ],
};

for (const [sense, values] of Object.entries(VALUES)) {
  test(`these values look ${sense}`, () => {
    for (const value of values) assert.equal(senseOfValue(value), sense, value);
  });
}

test('only texts of 16 to 8192 characters can look random', () => {
  assert.equal(senseOfValue('q8Zr1LmX4vT7pKc'), 'odd');
  const long = `q8Zr1LmX4vT7pKc2-${'word-'.repeat(1_635)}`;
  assert.equal(long.length, 8_192);
  assert.equal(senseOfValue(long), 'random');
  assert.notEqual(senseOfValue(`${long}-`), 'random');
});
