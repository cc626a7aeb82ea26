// How a server is, in one word, and why.
import type { Server } from 'mcpgate-shared/api/servers';
import type { Tone } from '../../parts/status-badge.tsx';

export interface ServerHealth {
  tone: Tone;
  word: string;
  /** Undefined: nothing more to say. */
  why: string | undefined;
}

export function healthOf(server: Pick<Server, 'state' | 'circuit' | 'flapping' | 'error' | 'warnings'>): ServerHealth {
  const { state, circuit, flapping, error, warnings } = server;
  if (state === 'disabled') return { tone: 'quiet', word: 'Off', why: 'No call reaches it until it is enabled.' };
  if (state === 'failed' || circuit === 'open')
    return {
      tone: 'danger',
      word: 'Failing',
      why: error ?? 'It failed several times in a row and is not tried for a moment.',
    };
  if (flapping)
    return {
      tone: 'warn',
      word: 'Unsteady',
      why: error ?? 'Its connections start, and end by themselves again and again.',
    };
  const [warning] = warnings;
  if (warning !== undefined) return { tone: 'warn', word: 'With warnings', why: warning };
  if (state === 'starting') return { tone: 'info', word: 'Starting', why: undefined };
  if (state === 'idle') return { tone: 'ok', word: 'Idle', why: 'It starts with the next call.' };
  return { tone: 'ok', word: 'Ready', why: undefined };
}
