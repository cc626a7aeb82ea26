// The interface of this room: it stands between what servers list and what sessions see of it. The first text that is seen of each tool, prompt and
// resource template is kept; what is new or has changed later is served, told of or held back as the record of its server says.
import type { DefinitionKind, DefinitionName } from '../domain/definition.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import type { ListKind } from '../mcp/list-kind.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { ListedItem, Requester } from '../upstreams/upstream.ts';

/** What the record of a call has as its rule where what it asks for waits for a person. */
export const HELD_RULE = 'definition-held';

/** The verdict on what waits for a person. No rule can change it, and no enforcement. */
export const HELD: Verdict = {
  decision: 'deny',
  rule: HELD_RULE,
  reason: 'its definition is new or has changed, and nobody has accepted it yet',
};

/** Of a requester, what is needed here: whose account is used where each person has their own. */
interface UserKey {
  /** Null: nobody's own, as on a connection that people share. */
  userKey: Requester['userKey'] | null;
}

export interface ReviewedList {
  /** What is served, sorted by name. The same definitions are the same bytes, whatever order and spacing the server chose this time. */
  items: readonly ListedItem[];
  /** The server's own names of things that it lists and that are not served: they wait for a person, and nothing is accepted of them. */
  held: readonly string[];
}

/** A change in what is accepted. */
export interface AcceptedChange {
  workspaceId: string;
  serverId: string;
}

export interface Definitions {
  /**
   * What is served of a server's list. A list that was reviewed before costs nothing. Throws `unavailable` where something of it is new and cannot
   * be kept: nothing is served that is not written down.
   */
  review(
    server: ServerRecord,
    kind: ListKind,
    requester: UserKey,
    listed: readonly ListedItem[],
  ): Promise<ReviewedList>;
  /** The server's instructions that are served; empty where there are none, or none is accepted. */
  instructions(server: ServerRecord, requester: UserKey, text: string): Promise<string>;
  /** Whether the server has ever listed a thing of this name, for anybody: what is kept is read, and not the server. */
  hasListed(server: Pick<ServerRecord, 'id'>, thing: DefinitionName): Promise<boolean>;
  /** Something was accepted, here or at another broker: it is read again, and listeners hear of it. */
  changed(change: AcceptedChange): void;
  /** Another broker has seen something new of a server, and this one looks too. What it finds then is no news to the other one. */
  heard(change: AcceptedChange): void;
  /** What is accepted may have changed unheard: reads it again, and tells of every server where it has. Throws where the store cannot be read. */
  recheck(): Promise<void>;
  /** Calls `listener` when other texts of a server are accepted than before. Returns the function that ends it. */
  onChange(listener: (change: AcceptedChange) => void): () => void;
}

/** The name of a definition for people and the log: that of rules, or `template:SERVER+URI` or `instructions:SERVER`. */
export function shownName(server: string, { kind, name }: DefinitionName): string {
  return HEADS[kind](server) + name;
}

const HEADS: Readonly<Record<DefinitionKind, (server: string) => string>> = {
  tools: (server) => `${server}__`,
  prompts: (server) => `prompt:${server}__`,
  templates: (server) => `template:${server}+`,
  instructions: (server) => `instructions:${server}`,
};

/** Takes such a name apart; undefined where it is none. */
export function readShownName(text: string): (DefinitionName & { server: string }) | undefined {
  const found = /^(?:(prompt|template|instructions):)?([a-z0-9-]{1,24})(?:(__|\+)([^]+))?$/.exec(text);
  if (found === null) return undefined;
  const [, head = 'tool', server = '', mark, name = ''] = found;
  if (head === 'instructions') return mark === undefined ? { server, kind: 'instructions', name: '' } : undefined;
  if (head === 'template') return mark === '+' ? { server, kind: 'templates', name } : undefined;
  return mark === '__' ? { server, kind: head === 'prompt' ? 'prompts' : 'tools', name } : undefined;
}
