// Errors without the id of a request, with which a server turns an HTTP exchange away: of which of them the exchange says what they answer.
import { isRecord, parseRecord } from '../../mcp/json-rpc-guard.ts';
import { isModernError } from './modern/modern-error.ts';
import type { PeerRequest } from './pending-requests.ts';

/** Whether `text`, where it is an error without an id, answers `request`, in whose exchange it came with an error status. */
export function isAboutExchange(text: string, { method, headers }: Pick<PeerRequest, 'method' | 'headers'>): boolean {
  // During the older handshake such an error is about the connection, and not about this request.
  if (headers === undefined) return method !== 'initialize';
  // A modern server may leave the id out. Any other error tells nothing of a modern request: it may be a legacy server that answers.
  const message = parseRecord(text);
  const error = message?.['error'];
  return (message?.['id'] ?? null) === null && isRecord(error) && isModernError(error);
}
