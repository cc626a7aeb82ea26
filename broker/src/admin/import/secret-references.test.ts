import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller } from '../operation.ts';
import { assertMaySend } from './secret-references.ts';

const caller = (role: Caller['role']): Caller => ({
  actor: { name: 'ada', address: null },
  role,
  workspaceId: 'default',
  homeWorkspaceId: 'default',
  credential: { kind: 'socket', id: 'socket', label: 'socket' },
});

test('who is no administrator may have a server use the secrets that they bring along, and no others of the vault', () => {
  for (const role of ['operator', 'auditor', 'member'] as const) {
    assertMaySend(caller(role), ['own'], new Set(['own']));
    assertMaySend(caller(role), [], new Set());
    for (const names of [['other'], ['own', 'other', 'more']])
      assert.throws(() => assertMaySend(caller(role), names, new Set(['own'])), {
        code: 'forbidden',
        message:
          'an administrator must give a server the secret other: whoever says where a server is could read it there',
      });
  }
});

test('an administrator may have a server use any secret', () => {
  assertMaySend(caller('admin'), ['other'], new Set());
});
