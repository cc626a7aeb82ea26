// Who asks, and through which door: what the parts of a session know of it.
import type { Principal } from '../domain/principal.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import type { Requester, Upstreams } from '../upstreams/upstream.ts';
import type { ToolMode } from './gateway.ts';

/** Who asks, and through which door. */
export interface SessionScope {
  readonly id: string;
  /** Under which resources are followed: the session, or one stream of changes. */
  readonly followerId: string;
  /** Replaced where the person's role or groups change. */
  principal: Principal;
  /** Only this server, under its own names. */
  readonly only: string | undefined;
  /** What upstreams are asked in the name of. */
  readonly requester: Requester;
  /** What the session asked for: every tool in the list, or a search; undefined: as the rules for clients say. */
  readonly toolMode: ToolMode | undefined;
  /** `search_tools`, `describe_tool` and `call_tool` stand for the list. */
  searchesTools: boolean;
  /** As the client introduced itself. */
  client: { name: string | null; version: string | null };
  /** The least severe log message that the client wants to hear. */
  logLevel: string | undefined;
  /** Whether the client runs a task of this id that the server asked for; undefined: it runs none. */
  readonly runsTaskFor?: (server: string, taskId: string) => boolean;
}

/** Tells people apart where a server has a process for each. */
export function userKeyOf({ user, credential }: Principal): string {
  return user === undefined ? `grant:${credential.id}` : `user:${user.id}`;
}

/** As rules and administrators name who asks. */
export function whoOf({ user, credential }: Principal): string {
  return user === undefined ? `grant:${credential.label}` : `user:${user.name}`;
}

/** The servers that the session's door and credential lead to. */
export function serversOf(upstreams: Upstreams, { principal, only }: SessionScope): readonly ServerRecord[] {
  const all = upstreams.servers(principal.workspaceId);
  if (only === undefined && principal.servers === undefined) return all;
  return all.filter(
    ({ name, id }) =>
      (only === undefined || only === name || only === id) &&
      (principal.servers === undefined || principal.servers.includes(name)),
  );
}
