// How a person is here, in one word.
import type { User } from 'mcpgate-shared/api/users';
import type { Tone } from '../../parts/status-badge.tsx';
import type { UserState } from './people-address.ts';

export const STATE_LOOK: Readonly<Record<UserState, { tone: Tone; word: string }>> = {
  connected: { tone: 'ok', word: 'Connected' },
  away: { tone: 'quiet', word: 'Not connected' },
  invited: { tone: 'info', word: 'Not here yet' },
  disabled: { tone: 'danger', word: 'Locked out' },
};

export function stateOfUser(
  { disabled, has_password: hasPassword }: Pick<User, 'disabled' | 'has_password'>,
  { links, lastSeenAt }: { links: number; lastSeenAt: string | null },
): UserState {
  if (disabled) return 'disabled';
  if (links > 0) return 'connected';
  return lastSeenAt === null && !hasPassword ? 'invited' : 'away';
}
