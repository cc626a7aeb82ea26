// A request as a connection to a server takes it.
import type { Pieces } from '../../message/pieces.ts';

export interface PeerRequest {
  method: string;
  paramsText: string;
  pieces?: Pieces;
  takesPieces?: boolean;
  signal: AbortSignal;
  onProgress?: (paramsText: string) => void;
  /** Names and values in turn: the request stands for itself, without a session, and its exchange ends where it is cancelled. */
  headers?: readonly string[];
  /** Told what else comes in the answer to this very request, where the wire can tell. */
  onNotification?: (method: string, paramsText: string) => void;
  /** An answer came although it was cancelled, and was dropped. */
  onLateAnswer?: () => void;
  /** It lasts as long as the connection: never late, and not counted as under way. */
  isLasting?: boolean;
  /** Told the id that it is sent under. */
  onId?: (id: number) => void;
}
