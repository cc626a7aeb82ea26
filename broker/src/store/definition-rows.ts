// The definitions that were seen of servers' tools, prompts, resource templates and instructions, and which of them are accepted.
import type { Part } from '../domain/bounds/part.ts';
import type { Definition, DefinitionKind, DefinitionName, SeenDefinition } from '../domain/definition.ts';

/** A list of a server. */
export interface ListOfServer {
  workspaceId: string;
  serverId: string;
  kind: DefinitionKind;
}

/** A text of a thing. */
export type DefinitionKey = DefinitionName & { digest: string };

export interface SeenPart extends ListOfServer {
  /** Whose list it is, on a server where each person has their own account; null: everybody's. */
  owner: string | null;
  /** Other brokers are told where something of it is new. */
  isTold: boolean;
  /** `acceptedAtFirst`: accepted where it is in the first list of its kind; `acceptedLater`: accepted in any case. */
  seen: readonly (SeenDefinition & { acceptedAtFirst: boolean; acceptedLater: boolean })[];
}

export interface NotedPart {
  /** It is of the first list of its kind of the server. */
  isFirst: boolean;
  /** Those that were not known before. */
  added: Definition[];
  /** All texts that are kept of these things now. */
  variants: Definition[];
}

export interface WholeList extends ListOfServer {
  /** Those that nobody has accepted and that are not listed any more. */
  withdrawn: readonly DefinitionKey[];
  /** The names of what is listed. */
  names: ReadonlySet<string>;
}

/** A definition without its text. */
export type DefinitionNote = Omit<Definition, 'text' | 'legacyText'> & { serverId: string };

export interface DefinitionRows {
  /** All of one server, in parts, so that a long list holds nobody up. */
  ofServer(serverId: string): AsyncIterable<readonly Definition[]>;
  /** The kinds of which the first list of a server is wholly kept. */
  begunKinds(serverId: string): Promise<DefinitionKind[]>;
  /** Those of one thing, the newest first. */
  ofThing(serverId: string, thing: DefinitionName): Promise<Definition[]>;
  /** All of a workspace or of one of its servers, by kind, name and time, without their texts. */
  notes(workspaceId: string, serverId?: string): Promise<DefinitionNote[]>;
  /** Of what a server lists and what of it is accepted: a part by name, character by character; with all that is known of each. */
  things(
    serverId: string,
    kind: DefinitionKind,
    part: Part<string>,
  ): Promise<{ name: string; notes: DefinitionNote[] }[]>;
  /** The texts of tools by their digests. */
  textsOf(serverId: string, tools: readonly { name: string; digest: string }[]): Promise<Map<string, string>>;
  /** The names of the tools of the other servers of a workspace; at most `limit`. */
  toolNamesOfOthers(workspaceId: string, serverId: string, limit: number): Promise<{ server: string; name: string }[]>;
  /**
   * Keeps what is new in a part of a list, at most 500 entries. Atomic, and one after the other for one server. What is kept of one thing is bounded: what
   * was seen first is dropped first. Announced where it says so. Throws `not_found` where the server is gone.
   */
  note(part: SeenPart): Promise<NotedPart>;
  /**
   * All parts of a list are kept: the next list of its kind is not the first one any more. A broker that is killed before it leaves a first list that
   * is gone on with. What is kept of one server is bounded, too: whether something was dropped therefore.
   */
  finish(list: WholeList): Promise<{ hasDropped: boolean }>;
  /** Accepts definitions, again where they are accepted already; returns those that there are. Announced to the other brokers. */
  accept(
    server: { workspaceId: string; serverId: string },
    which: readonly DefinitionKey[],
    by: string,
  ): Promise<DefinitionNote[]>;
}
