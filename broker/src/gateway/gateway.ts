// One MCP session per channel or HTTP session: initialize, ping, lists, calls. A call's way, always this one:
// route -> decide -> record the intent (committed) -> forward -> record the outcome -> answer.
import type { Principal } from '../domain/principal.ts';

export interface GatewaySession {
  readonly id: string;
  /** One JSON-RPC message from the client, as text. Never throws; answers go to `send`. */
  receive(text: string): void;
  /** Cancels what is under way and forgets the session. Resolves when every outcome is recorded. */
  close(reason: string): Promise<void>;
  /** Calls under way. */
  readonly pending: number;
}

export interface Gateway {
  open(options: {
    principal: Principal;
    /** `serve --server NAME` and `/mcp/NAME-or-UUID`: only this server, its own names. */
    server?: string;
    /** One JSON-RPC message to the client, as text; without line breaks. */
    send: (text: string) => void;
  }): GatewaySession;
}

/** The whole, for the composition root. */
export interface GatewayService extends Gateway {
  /** Rules or enforcement changed: holds for the next call, and clients are told that their lists may differ. */
  policyChanged(workspaceId: string): void;
  /** Closes every session. Resolves when every outcome is recorded. */
  closeAll(reason: string): Promise<void>;
  /** Calls under way in all sessions. */
  readonly pending: number;
}
