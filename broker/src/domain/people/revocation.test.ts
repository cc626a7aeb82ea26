import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwnerRevoked, ownerOf } from './owner-of.ts';
import type { Principal } from './principal.ts';
import { isRevoked, type Live, type Revocation } from './revocation.ts';

const ada = { id: 'u-ada', name: 'ada', role: 'member', groups: [] } as const;
const principals = {
  device: {
    workspaceId: 'w1',
    user: ada,
    credential: { kind: 'device', id: 'd-1', label: 'laptop' },
    device: { id: 'd-1', name: 'laptop' },
  },
  grant: { workspaceId: 'w1', user: ada, credential: { kind: 'grant', id: 'g-1', label: 'ci' } },
  bot: { workspaceId: 'w1', credential: { kind: 'grant', id: 'g-2', label: 'bot' } },
  oauth: { workspaceId: 'w1', user: ada, credential: { kind: 'oauth', id: 'o-1', label: 'chat' } },
  forwarded: { workspaceId: 'w1', user: ada, credential: { kind: 'forwarded', id: 'u-ada', label: 'proxy' } },
  browser: { workspaceId: 'w1', user: ada, credential: { kind: 'session', id: 's-1', label: 'Firefox' } },
} as const satisfies Record<string, Principal>;
const adminToken = { workspaceId: 'w1', credential: { kind: 'admin-token', id: 't-1' } } as const satisfies Live;
const everybody: Readonly<Record<string, Live>> = { ...principals, adminToken };

const meant: Record<Revocation['kind'], Record<string, string[]>> = {
  user: { 'u-ada': ['device', 'grant', 'oauth', 'forwarded', 'browser'], 'd-1': [], 'g-1': [], 't-1': [] },
  device: { 'd-1': ['device'], 'g-1': [], 'u-ada': [], 't-1': [] },
  grant: { 'g-1': ['grant'], 'g-2': ['bot'], 'o-1': ['oauth'], 'g-9': [] },
  'admin-token': { 't-1': ['adminToken'], 't-9': [] },
  session: { 's-1': ['browser'], 's-9': [] },
};

for (const [kind, byId] of Object.entries(meant))
  for (const [id, names] of Object.entries(byId))
    test(`the end of ${kind} ${id} means ${names.join(', ') || 'nobody'}, in its own workspace only`, () => {
      const ended = (workspaceId: string): Revocation => ({
        ...{ workspaceId, id, reason: 'left' },
        kind: kind as Revocation['kind'],
      });
      const meantOf = <T extends object>(all: Readonly<Record<string, T>>, isMeant: (each: T) => boolean) =>
        Object.entries(all).flatMap(([name, each]) => (isMeant(each) ? [name] : []));
      const lives = (workspaceId: string) => meantOf(everybody, (live) => isRevoked(ended(workspaceId), live));
      assert.deepEqual([lives('w1'), lives('w2')], [names, []]);
      const kept = (workspaceId: string) =>
        meantOf(principals, (principal) => isOwnerRevoked(ended(workspaceId), ownerOf(principal)));
      const ofPrincipals = names.filter((name) => name !== 'adminToken');
      assert.deepEqual([kept('w1'), kept('w2')], [ofPrincipals, []], 'the same of owners that are kept as texts');
    });
