// One MCP session per channel or HTTP session: initialize, ping, lists, calls. A call's way, always this one:
// route -> decide -> record the intent (committed) -> forward -> record the outcome -> answer.
import type { Principal } from '../domain/principal.ts';
import type { Pieces } from '../message/pieces.ts';
import type { Envelope } from './edges/envelope.ts';

/** Which request (`idKey`) a message to the client answers, or is about. Neither: it stands by itself. */
export interface Belongs {
  answers?: string;
  /** Of an answer that is an error. */
  errorCode?: number | undefined;
  about?: string;
}

/** One JSON-RPC message to the client, as text, with `pieces` where it is large (`partsOf`); without line breaks. */
export type SendToClient = (text: string, pieces: Pieces | undefined, belongs: Belongs) => void;

/** How a session shows its tools: all of them, or three that search, describe and call. */
export type ToolMode = 'all' | 'search';

/** The `Mcp-Param-*` headers of a request, decoded, by their names in lower case; undefined: a value is not well-formed. */
export type ParamHeaders = ReadonlyMap<string, string | undefined>;

export interface GatewaySession {
  readonly id: string;
  /**
   * One JSON-RPC message from the client, as text, with `pieces` where it was large, and as `readEnvelope` read it where the edge has done
   * so. Never throws; answers go to `send`.
   */
  receive(text: string, pieces?: Pieces, envelope?: Envelope): void;
  /** A message that was longer than allowed: all that is there of it are its first and last characters. */
  receiveCut(head: string, tail: string): void;
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
    /** `serve --tools` and `/mcp?tools=`. */
    tools?: ToolMode;
    /**
     * For clients that have no session (2026-07-28 over HTTP): each request is a session of its own, and what such a client has beyond its
     * requests (calls that wait for its answers, connections of its own) is kept under its login.
     */
    stateless?: { paramHeaders: ParamHeaders };
    send: SendToClient;
  }): GatewaySession;
}

/** The whole, for the composition root. */
export interface GatewayService extends Gateway {
  /** Ends what is kept of clients without sessions. Resolves when every outcome is recorded. */
  endStateless(isMeant: (principal: Principal) => boolean, reason: string): Promise<void>;
  /** Whose things are kept of clients without sessions. */
  stateless(): Iterable<Principal>;
  /** Rules or enforcement changed, in one workspace or in any: holds for the next call, and clients are told that their lists may differ. */
  policyChanged(workspaceId?: string): void;
  /** The same for every workspace whose rules are others than are known here; clients of the others hear nothing. Throws where they cannot be read. */
  recheckPolicies(): Promise<void>;
  /** A person's role or groups are others now: holds for the next call, and their clients are told that their lists may differ. */
  personChanged(person: NonNullable<Principal['user']>): void;
  /** Closes every session. Resolves when every outcome is recorded. */
  closeAll(reason: string): Promise<void>;
  /** Messages of clients that went nowhere, by the reason. */
  readonly refused: ReadonlyMap<string, number>;
  /** Calls under way in all sessions. */
  readonly pending: number;
}
