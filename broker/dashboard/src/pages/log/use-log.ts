// The records that the page shows: pages that were searched, from newer to older, and what has come since.
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { auditApi, type TailLine } from 'mcpgate-shared/api/audit';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { callWithHeaders } from '../../api/call.ts';
import { useEvents } from '../../api/live.tsx';
import type { Problem } from '../../api/problem.ts';
import { useSession } from '../../api/session.tsx';
import { callsQuery, eventsQuery, fits, kindOf, type LogSearch } from './log-search.ts';

const PAGE = 100;
/** A search that no index leads to may answer with an empty page and go on behind it: so many are asked for by themselves. */
const EMPTY_PAGES = 20;
/** Records that come at once are drawn together. */
const TOGETHER_MS = 200;
/** More that came are not kept: the search is made anew then. */
const MOST_LIVE = 10_000;

interface PageOfLog {
  lines: TailLine[];
  next: string | undefined;
}

export interface LogLines {
  lines: readonly TailLine[];
  error: Problem | null;
  isLoading: boolean;
  /** Whether there is more to look through, and what asks for it. */
  hasMore: boolean;
  isLoadingMore: boolean;
  more: () => void;
  /** How many came while nothing is added, and what adds them. */
  waiting: number;
  showWaiting: () => void;
  refresh: () => void;
}

function useSearchPages(kind: 'calls' | 'events', search: LogSearch, enabled: boolean) {
  const { caller, shown } = useSession();
  const query = kind === 'calls' ? callsQuery(search) : eventsQuery(search);
  return useInfiniteQuery<PageOfLog, Problem, { pages: PageOfLog[] }, readonly unknown[], string | undefined>({
    queryKey: ['log', shown, kind, query],
    enabled,
    initialPageParam: undefined,
    async queryFn({ pageParam: cursor, signal }) {
      const asked = { query: { ...query, limit: PAGE, ...(cursor !== undefined && { cursor }) } };
      if (kind === 'calls') {
        const { data, nextCursor } = await callWithHeaders(caller, auditApi.calls, asked, { signal });
        return { lines: data.map((record) => ({ kind: 'call', record })), next: nextCursor };
      }
      const { data, nextCursor } = await callWithHeaders(caller, auditApi.events, asked, { signal });
      return { lines: data.map((record) => ({ kind: 'event', record })), next: nextCursor };
    },
    getNextPageParam: ({ next }) => next,
    // What came while another page was shown is not here yet.
    refetchOnMount: 'always',
    refetchOnWindowFocus: false,
    staleTime: Infinity,
    gcTime: 60_000,
  });
}

const newestFirst = (one: TailLine, other: TailLine): number =>
  other.record.ts.localeCompare(one.record.ts) || other.record.seq - one.record.seq;

/** `isLive`: what comes is added at once; else it is counted. */
export function useLog(search: LogSearch, isLive: boolean): LogLines {
  const kind = kindOf(search);
  const calls = useSearchPages('calls', search, kind !== 'events');
  const events = useSearchPages('events', search, kind !== 'calls');
  const queries = useQueryClient();
  const asked = [calls, events].filter((_, index) => kind === undefined || (index === 0) === (kind === 'calls'));

  const { added, waiting, showWaiting, clear } = useArrivals(search, isLive);
  const refresh = useCallback(() => {
    clear();
    void queries.invalidateQueries({ queryKey: ['log'] });
  }, [clear, queries]);

  const [callPages, eventPages] = [calls.data?.pages, events.data?.pages];
  const lines = useMemo(() => {
    const parts = [kind === 'events' ? [] : (callPages ?? []), kind === 'calls' ? [] : (eventPages ?? [])];
    // Of two lists the one that is looked through less far says how far both are known.
    const known = parts.map((pages) => {
      const isWhole = pages.at(-1)?.next === undefined;
      return isWhole ? '' : (pages.flatMap((page) => page.lines).at(-1)?.record.ts ?? '');
    });
    const from = kind === undefined ? known.reduce((latest, each) => (each > latest ? each : latest), '') : '';
    const found = new Map<string, TailLine>();
    for (const line of [...parts.flatMap((pages) => pages.flatMap((page) => page.lines)), ...added])
      if (line.record.ts >= from) found.set(line.record.id, line);
    return [...found.values()].toSorted(newestFirst);
  }, [kind, callPages, eventPages, added]);

  const isFetching = asked.some((each) => each.isFetching);
  const hasMore = asked.some((each) => each.hasNextPage);
  const more = useCallback(() => {
    for (const each of [calls, events]) if (each.hasNextPage && !each.isFetching) void each.fetchNextPage();
  }, [calls, events]);

  // Behind an empty page there may be something.
  const emptyPages = asked.reduce(
    (sum, { data }) => sum + (data?.pages.filter((page) => page.lines.length === 0).length ?? 0),
    0,
  );
  const goesOn = lines.length === 0 && hasMore && !isFetching && emptyPages < EMPTY_PAGES;
  useEffect(() => {
    if (goesOn) more();
  }, [goesOn, more]);

  return {
    lines,
    error: asked.find((each) => each.error !== null)?.error ?? null,
    isLoading: asked.some((each) => each.data === undefined) || goesOn,
    hasMore,
    isLoadingMore: asked.some((each) => each.isFetchingNextPage),
    more,
    waiting,
    showWaiting,
    refresh,
  };
}

/** The records of the broker's events that fit, as they come. */
function useArrivals(search: LogSearch, isLive: boolean) {
  const [added, setAdded] = useState<readonly TailLine[]>([]);
  const [waiting, setWaiting] = useState<readonly TailLine[]>([]);
  const arrived = useRef<TailLine[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef({ isLive, search });
  useEffect(() => {
    latest.current = { isLive, search };
  });

  const clear = useCallback(() => {
    arrived.current = [];
    setAdded([]);
    setWaiting([]);
  }, []);
  const key = JSON.stringify(search);
  const [of, setOf] = useState(key);
  if (of !== key) {
    setOf(key);
    setAdded([]);
    setWaiting([]);
  }

  const flush = (): void => {
    timer.current = undefined;
    // What came under other filters may not fit these.
    const lines = arrived.current.filter((line) => fits(latest.current.search, line));
    arrived.current = [];
    const put = latest.current.isLive ? setAdded : setWaiting;
    put((before) => [...before, ...lines].slice(-MOST_LIVE));
  };
  useEffect(() => () => clearTimeout(timer.current), []);

  useEvents((change) => {
    if (change.event !== 'call' && change.event !== 'record') return;
    const line: TailLine =
      change.event === 'call' ? { kind: 'call', record: change.record } : { kind: 'event', record: change.record };
    if (!fits(search, line)) return;
    arrived.current.push(line);
    timer.current ??= setTimeout(flush, TOGETHER_MS);
  });

  const showWaiting = useCallback(() => {
    setAdded((before) => [...before, ...waiting].slice(-MOST_LIVE));
    setWaiting([]);
  }, [waiting]);
  return { added, waiting: waiting.length, showWaiting, clear };
}
