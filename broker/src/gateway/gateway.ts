// The interfaces of the gateway. It has one session for each channel or HTTP session of an AI client, and speaks MCP with the client. Every call
// takes the same way: route -> decide -> record the intent (committed) -> forward -> record the outcome -> answer.
import type { Principal } from '../domain/people/principal.ts';
import type { Pieces } from '../message/pieces.ts';
import type { Envelope } from './edges/envelope.ts';

/** The request (by its `idKey`) that a message to the client answers or is about. Neither: the message belongs to no request. */
export interface Belongs {
  answers?: string;
  /** The JSON-RPC code, where the answer is an error. */
  errorCode?: number | undefined;
  about?: string;
}

/** Sends one JSON-RPC message to the client: its text, without line breaks, and its `pieces` where it is large (`partsOf` joins them). */
export type SendToClient = (text: string, pieces: Pieces | undefined, belongs: Belongs) => void;

/** How a session shows its tools: all of them, or three that search, describe and call. */
export type ToolMode = 'all' | 'search';

/** Has the person's laptop open a page of this broker; false: it has no display, or is not there. */
export type OpenPage = (url: string) => boolean;

/** The `Mcp-Param-*` headers of a request, decoded, by their names in lower case. Undefined: the value is not well-formed. */
export type ParamHeaders = ReadonlyMap<string, string | undefined>;

export interface GatewaySession {
  readonly id: string;
  /**
   * Handles one JSON-RPC message of the client: its text, its `pieces` where it is large, and its envelope where the caller has read it
   * already. Never throws; answers go to `send`.
   */
  receive(text: string, pieces?: Pieces, envelope?: Envelope): void;
  /** Handles a message that was longer than allowed, of which only the beginning and the end were kept. */
  receiveCut(head: string, tail: string): void;
  /** Cancels all requests and ends the session. Resolves when all outcomes are recorded. */
  close(reason: string): Promise<void>;
  /** Calls under way. */
  readonly pending: number;
}

export interface Gateway {
  open(options: {
    principal: Principal;
    /** Shows only this server, under its own names: `serve --server NAME` and `/mcp/NAME-or-UUID`. */
    server?: string;
    /** `serve --tools` and `/mcp?tools=`. */
    tools?: ToolMode;
    /**
     * Set for clients without a session (2026-07-28 over HTTP): each request opens a session of its own. Parked calls and connections of such a
     * client, which must outlive one request, are kept under its login.
     */
    stateless?: { paramHeaders: ParamHeaders };
    openPage?: OpenPage;
    /** Where the client is now, behind trusted proxies; asked when a message comes. Left out: not known. */
    address?: () => string | undefined;
    send: SendToClient;
  }): GatewaySession;
}

/** Where a name leads, as in `/mcp/NAME`. */
export type NamedView =
  | { kind: 'there' }
  /** `near`: what may have been meant, of what the caller may use. */
  | { kind: 'unknown'; near: string | undefined };

/** The gateway with everything that only the rest of the broker calls. */
export interface GatewayService extends Gateway {
  /** Ends the parked calls and connections of clients without sessions. Resolves when all outcomes are recorded. */
  endStateless(isMeant: (principal: Principal) => boolean, reason: string): Promise<void>;
  /** The principals of clients without sessions that have parked calls or connections. */
  stateless(): Iterable<Principal>;
  /**
   * Rules or enforcement have changed, in one workspace or in all: the next call is judged by the new ones, and clients are told that their
   * lists may have changed.
   */
  policyChanged(workspaceId?: string): void;
  /** Reads the rules of all workspaces again and calls `policyChanged` for those that differ. Throws where the rules cannot be read. */
  recheckPolicies(): Promise<void>;
  /**
   * A person's role or groups have changed: their next call is judged by the new ones, and their clients are told that their lists may have
   * changed.
   */
  personChanged(person: NonNullable<Principal['user']>): void;
  /** Whether the rules could allow somebody something of a server. Throws `unavailable` where they cannot be read. */
  mayUse(principal: Principal, server: string): Promise<boolean>;
  /** Whether somebody is to be offered to connect an account at a server. Throws likewise. */
  mayConnect(principal: Principal, server: string): Promise<boolean>;
  /** Whether a name leads to a server or a bundle of which somebody may use something; else what may have been meant. Throws likewise. */
  viewNamed(principal: Principal, name: string): Promise<NamedView>;
  /** The broker takes leave: calls that wait for a person end, and none begins to wait. */
  endWaits(): void;
  /** Closes all sessions. Resolves when all outcomes are recorded. */
  closeAll(reason: string): Promise<void>;
  /** How many messages of clients were refused or dropped, by the reason. */
  readonly refused: ReadonlyMap<string, number>;
  /** Requests that have no answer yet, in all sessions. */
  readonly pending: number;
}
