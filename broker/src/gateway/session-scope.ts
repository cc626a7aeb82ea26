// The facts about a session that the parts of the gateway need to handle its requests.
import type { Bundle } from '../domain/bundle.ts';
import type { Principal } from '../domain/people/principal.ts';
import { serverNamed, type ServerRecord } from '../domain/server-record.ts';
import type { Requester, Upstreams } from '../upstreams/upstream.ts';
import type { OpenPage, ToolMode } from './gateway.ts';

/** Who makes the requests of a session, and what the session shows. */
export interface SessionScope {
  readonly id: string;
  /** The id under which resources are followed: of the session, or of one `subscriptions/listen` stream. */
  readonly followerId: string;
  /** Replaced when the person's role or groups change, or a server that it is bound to is renamed. */
  principal: Principal;
  /** Set where the session shows only this server, under its own names. */
  readonly only: string | undefined;
  /** Set where the session shows this bundle; `bundles/session-view.ts` finds it for each request. `isDefault`: nobody asked for it by its name. */
  readonly bundle?: Bundle & { readonly isDefault: boolean };
  /** The ids of the only servers that the session can reach: those of the bundle that it asked for. */
  readonly servedBy?: ReadonlySet<string>;
  /** On whose behalf servers are asked. */
  readonly requester: Requester;
  /** The mode that the session asked for: every tool in the list, or the search tools; undefined: as `search-rule.ts` decides. */
  readonly toolMode: ToolMode | undefined;
  /** True: `search_tools`, `describe_tool` and `call_tool` stand for the list of tools. */
  searchesTools: boolean;
  /** The client's name and version from `clientInfo`. */
  client: { name: string | null; version: string | null };
  /** The least severe level of log messages that the client wants. */
  logLevel: string | undefined;
  /** Whether the client itself runs a task with this id for the server; undefined: clients of this session run no tasks. */
  readonly runsTaskFor?: (server: string, taskId: string) => boolean;
  /** Where the client's last message came from; undefined: not known. */
  readonly address: () => string | undefined;
  /** Has the person's laptop open a page of this broker; false: it cannot. Undefined: the client came over HTTP. */
  readonly openPage?: OpenPage | undefined;
  /** The pages that a client up to 2025-11-25 was asked to show, which it wants to be told of when they are done with. */
  readonly urlsAsked?: UrlsAsked;
}

export interface UrlsAsked {
  /** The `elicitationId` under which the client is asked, the same until it is done: by the id of the server. */
  idFor(serverId: string): string;
  /** It was not asked after all. */
  forget(serverId: string): void;
}

/** A key for the person, or for a grant without one, as in connections that each person has to themselves. */
export function userKeyOf({ user, credential }: Principal): string {
  return user === undefined ? `grant:${credential.id}` : `user:${user.id}`;
}

/** The caller by the name that rules use: `user:NAME` or `grant:LABEL`. */
export function whoOf({ user, credential }: Principal): string {
  return user === undefined ? `grant:${credential.label}` : `user:${user.name}`;
}

/** The servers that the session shows and that its credential is bound to. */
export function serversOf(upstreams: Upstreams, scope: SessionScope): readonly ServerRecord[] {
  const { principal, only } = scope;
  const all = reachedBy(upstreams, scope);
  if (only === undefined && principal.servers === undefined) return all;
  const shown = only === undefined ? undefined : serverNamed(all, only);
  return all.filter(
    (server) =>
      (only === undefined || server === shown) &&
      (principal.servers === undefined || principal.servers.includes(server.name)),
  );
}

/** The servers that a name or URI may mean in this session, whether the credential is bound to them or not. */
export function reachedBy(
  upstreams: Pick<Upstreams, 'servers'>,
  { principal, servedBy }: SessionScope,
): readonly ServerRecord[] {
  const all = upstreams.servers(principal.workspaceId);
  return servedBy === undefined ? all : all.filter(({ id }) => servedBy.has(id));
}
