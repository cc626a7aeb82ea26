// Accounts that would come of the sign-in at the company's IdP by themselves, and that their person has disconnected: they stay so until the person
// connects them again.
import type { AccountOwner } from '../../domain/people/account.ts';
import { sha256Hex } from '../../store/secret-token.ts';
import type { Store } from '../../store/store.ts';

const KIND = 'DeclinedAccount';

export interface Declined {
  has(serverId: string, owner: AccountOwner): Promise<boolean>;
  add(serverId: string, owner: AccountOwner): Promise<void>;
  remove(serverId: string, owner: AccountOwner): Promise<void>;
}

export function createDeclined({ oauth }: Pick<Store, 'oauth'>): Declined {
  const idOf = (serverId: string, owner: AccountOwner): string => sha256Hex(`${serverId} ${owner}`);
  return {
    has: async (serverId, owner) => (await oauth.find(KIND, idOf(serverId, owner))) !== undefined,
    async add(serverId, owner) {
      const none = { grantId: null, userCode: null, consumedAt: null, expiresAt: null };
      await oauth.addOnce({ kind: KIND, idHash: idOf(serverId, owner), payload: '{}', uid: owner, ...none });
    },
    remove: (serverId, owner) => oauth.destroy(KIND, idOf(serverId, owner)),
  };
}
