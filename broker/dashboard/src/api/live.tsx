// The broker tells what changes as it changes (shared/src/api/events/events.ts): what was read of it is read again, so that no page asks by a clock.
// Pages that show the events themselves, such as a live log, listen with `useEvents`.
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { ChangeSchema, type Change } from 'mcpgate-shared/api/events/events';
import { sessionApi } from 'mcpgate-shared/api/session';
import { createContext, useCallback, useContext, useEffect, useRef, type ReactNode } from 'react';
import { useSession } from './session.tsx';
import { keyOf } from './use-api.ts';

type EventName = Change['event'];

/** The endpoints whose answers an event makes old, by their names. A page that reads another one adds it here. */
const OLD_AFTER: Readonly<Partial<Record<EventName, readonly string[]>>> = {
  call: ['searchCalls', 'getActivity', 'listSecretUses', 'listOwnCalls', 'listHooks'],
  record: [
    'searchEvents',
    'listArchives',
    'showRecord',
    'listWorkspaces',
    'listHooks',
    'getStatus',
    'getSignInTrial',
    'getSignInSettings',
  ],
  request: ['listRequests', 'showRequest', 'getStatus'],
  server: [
    ...['listServers', 'getServer', 'getServerRecord', 'listDefinitions', 'diffDefinition', 'listProposals'],
    ...['listCatalogue', 'listAccounts', 'connectServer', 'getStatus', 'listSecrets', 'listOwnTools'],
    'showManagedConfigurations',
  ],
  health: ['listServers', 'getServer', 'getStatus'],
  link: [
    'listDevices',
    'listSessions',
    'listGrants',
    'listAdminTokens',
    'getUser',
    'showEnding',
    'getStatus',
    'getScimState',
  ],
  connection: ['listOtherBrokers', 'listDevices', 'listSessions', 'showEnding', 'getStatus'],
  secret: [
    ...['listSecrets', 'listSecretVersions', 'getSecretRotation', 'listSecretUses', 'getStatus', 'getMasterKey'],
    ...['listSigningKeys', 'showManagedConfigurations'],
  ],
  rule: [
    ...[
      'listRules',
      'getRule',
      'getEnforcement',
      'getRuleMatrix',
      'previewRules',
      'testRules',
      'suggestRules',
      'listBundles',
      'getBundle',
      'listHooks',
    ],
    ...['getHook', 'exportConfiguration', 'getStatus', 'getEffectiveConfiguration', 'showManagedConfigurations'],
  ],
  delivery: ['listHooks', 'getHook', 'getStatus'],
  person: [
    ...['listUsers', 'getUser', 'listGroups', 'getGroup', 'listRuleNames', 'getStatus', 'getScimState'],
    'showManagedConfigurations',
  ],
};

const NAMES: readonly EventName[] = [
  ...(['hello', 'resync', 'bye', 'call', 'record', 'request', 'server', 'health'] as const),
  ...(['link', 'connection', 'secret', 'rule', 'delivery', 'person'] as const),
];

/** A burst is one reading: a rotation alone tells ten events. */
const TOGETHER_MS = 300;
/** How soon the stream is opened again where the broker has refused it, as it does while it drains. */
const AGAIN_MS = 3_000;

type Listener = (change: Change) => void;
const LiveContext = createContext<((listener: Listener) => () => void) | undefined>(undefined);

/** Reads again what is old. Returns what notes an event, and what ends it. */
function createRefresh(queries: QueryClient) {
  const old = new Set<string>();
  let all = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    timer = undefined;
    const [names, everything] = [new Set(old), all];
    old.clear();
    all = false;
    void queries.invalidateQueries({
      predicate: ({ queryKey: [name] }) => (everything ? name !== sessionApi.show.name : names.has(String(name))),
    });
  };
  return {
    note({ event }: Pick<Change, 'event'>, everything: boolean): void {
      for (const name of OLD_AFTER[event] ?? []) old.add(name);
      all ||= everything;
      if (all || old.size > 0) timer ??= setTimeout(flush, TOGETHER_MS);
    },
    end: () => clearTimeout(timer),
  };
}

export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const { caller } = useSession();
  const listeners = useRef(new Set<Listener>());
  const { workspace } = caller;

  useEffect(() => {
    const refresh = createRefresh(queries);
    const path = `/api/v1/events${workspace === undefined ? '' : `?${new URLSearchParams({ workspace }).toString()}`}`;
    let source: EventSource;
    let again: ReturnType<typeof setTimeout> | undefined;
    let greeted = false;
    const onEvent = ({ data }: MessageEvent<string>): void => {
      const parsed = ChangeSchema.safeParse(JSON.parse(data));
      // What a newer broker tells besides is nothing that these pages show.
      if (!parsed.success) return;
      const change = parsed.data;
      // The first greeting comes with what was just read; a later one after a gap, unless the stream has filled it.
      const isGap = change.event === 'resync' || (change.event === 'hello' && greeted && !change.resumed);
      greeted = true;
      refresh.note(change, isGap);
      for (const listener of listeners.current) listener(change);
    };
    const open = (): void => {
      source = new EventSource(path);
      for (const name of NAMES) source.addEventListener(name, onEvent);
      source.addEventListener('error', () => {
        // Whether the broker is away or the session has ended: asking for the session tells, and the shell shows it.
        void queries.invalidateQueries({ queryKey: keyOf(sessionApi.show) });
        // The browser comes back by itself, but not after an answer that was no stream.
        if (source.readyState === EventSource.CLOSED) again = setTimeout(open, AGAIN_MS);
      });
    };
    open();
    return () => {
      clearTimeout(again);
      refresh.end();
      source.close();
    };
  }, [queries, workspace]);

  const subscribe = useCallback((listener: Listener) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }, []);
  return <LiveContext value={subscribe}>{children}</LiveContext>;
}

/** Calls `listener` with each event, as long as the page is there. */
export function useEvents(listener: Listener): void {
  const subscribe = useContext(LiveContext);
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => subscribe?.((change) => latest.current(change)), [subscribe]);
}
