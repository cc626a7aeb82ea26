// How the state of an account at a server looks, and what its button says where something is to be done.
import type { Account } from 'mcpgate-shared/api/accounts/accounts';
import type { Tone } from '../status-badge.tsx';

export const ACCOUNT_LOOK: Readonly<
  Record<Account['state'], { tone: Tone; word: string; connect: string | undefined }>
> = {
  connected: { tone: 'ok', word: 'Connected', connect: undefined },
  missing: { tone: 'quiet', word: 'Not connected', connect: 'Connect' },
  expired: { tone: 'warn', word: 'Expired', connect: 'Connect again' },
  more_scopes: { tone: 'warn', word: 'Wants more rights', connect: 'Look at it' },
};
