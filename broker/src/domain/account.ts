// What somebody has at a server: a person, or the company for everybody. Made by OAuth or of keys; what is in it is sealed.
import type { AccountForm } from './account-form.ts';

/** Whose it is: `user:ID` of a person, or everybody's. */
export type AccountOwner = `user:${string}` | 'shared';

/** `expired`: what there is gets no more access, and its owner must connect again. */
export type AccountState = 'ready' | 'expired';

/** Why a call cannot be made before somebody has done something: nothing is there, what is there is no good any more, or allows too little. */
export type AccountLack = 'missing' | 'expired' | 'more_scopes';

export interface AccountRecord {
  workspaceId: string;
  serverId: string;
  owner: AccountOwner;
  kind: AccountForm['kind'];
  state: AccountState;
  /** Grows with each change of what is in it. */
  version: number;
  sealed: Uint8Array;
  scopes: readonly string[];
  /** Of the access token, ms since the epoch; null: it does not say, or there is none. */
  expiresAt: number | null;
  createdAt: number;
  updatedAt: number;
}

/** The person whose account it is; undefined: everybody's. */
export function userIdOf(owner: AccountOwner): string | undefined {
  return owner === 'shared' ? undefined : owner.slice('user:'.length);
}
