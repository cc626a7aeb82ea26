// The administration over a store whose changes are committed together: what single edits would tell at once is kept until then, and told after it.
import type { AccountRecord } from '../../domain/people/account.ts';
import type { AuditEvent } from '../../domain/call-record.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import type { Store } from '../../store/store.ts';
import type { AdminDependencies } from '../dependencies.ts';

/** What is to be told once it is committed. */
interface Untold {
  events: AuditEvent[];
  people: Set<string>;
  secrets: Set<string>;
  /** Whose connections end with their calls, as their records are others. */
  refreshed: Pick<ServerRecord, 'id'>[];
  removed: { server: ServerRecord; accounts: readonly AccountRecord[] }[];
  hasServers: boolean;
}

export interface Together {
  needs: AdminDependencies;
  /** What single edits would have written into the log, in their order. */
  readonly events: readonly AuditEvent[];
  /** To be called once all of it is committed: every cache of this broker hears of it. */
  tell(workspaceId: string): Promise<void>;
}

export function together(outside: AdminDependencies, store: Store): Together {
  const untold: Untold = {
    ...{ events: [], people: new Set(), secrets: new Set(), refreshed: [], removed: [], hasServers: false },
  };
  const event = (each: AuditEvent): Promise<void> => {
    untold.events.push(each);
    return Promise.resolve();
  };
  const changed = (ids: readonly string[]): Promise<void> => {
    for (const id of ids) untold.people.add(id);
    return Promise.resolve();
  };
  const serversChanged = (): Promise<void> => {
    untold.hasServers = true;
    return Promise.resolve();
  };
  const { vault, audit, upstreams, accounts, people, hooks } = outside;
  const needs: AdminDependencies = {
    ...outside,
    store,
    vault: {
      ...vault,
      list: (workspaceId) => store.secrets.list(workspaceId),
      remove(workspaceId, name) {
        untold.secrets.add(name);
        return store.secrets.remove(workspaceId, name);
      },
      sources: {
        ...vault.sources,
        // In two steps, because the source must not be waited for in here: `prepare` before, and this with what it has read.
        set: () => Promise.reject(new Error('a source is read before the transaction')),
      },
    },
    audit: { ...audit, event },
    upstreams: {
      ...upstreams,
      reload: serversChanged,
      refresh(record) {
        untold.refreshed.push(record);
        return Promise.resolve();
      },
    },
    accounts: {
      ...accounts,
      serversChanged,
      async endOfServer(server) {
        untold.removed.push({ server, accounts: await store.accounts.ofServer(server.id) });
        return { there: Promise.resolve([]) };
      },
    },
    people: { ...people, ...people.within(store, { event, changed }) },
    hooks: {
      ...hooks,
      deliveries: {
        queues: (workspaceId) => store.deliveries.states(workspaceId),
        forget: (destination) => store.deliveries.forget(destination),
        tryNow: (destination) => store.deliveries.tryNow(destination),
        onMoved: () => () => undefined,
      },
      // How far a receiver has had the log is no part of what is applied.
      feeds: {
        state: () => Promise.resolve(undefined),
        states: () => Promise.resolve([]),
        onMoved: () => () => undefined,
      },
    },
    policyChanged: () => undefined,
  };
  return {
    needs,
    events: untold.events,
    async tell(workspaceId) {
      const { people: ids, secrets, refreshed, removed, hasServers } = untold;
      outside.policyChanged(workspaceId);
      for (const name of secrets) vault.elsewhere.changed({ workspaceId, name });
      if (hasServers) {
        await upstreams.reload();
        await accounts.serversChanged();
      }
      for (const record of refreshed) await upstreams.refresh(record);
      if (ids.size > 0) await people.elsewhere.changed([...ids]);
      await Promise.all(removed.map(({ server, accounts: ended }) => accounts.endOfRemoved(server, ended).there));
    },
  };
}
