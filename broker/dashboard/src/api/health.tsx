// What the answers of all queries say about the page as a whole: whether the broker can be reached, and whether the session still lasts.
import { QueryCache, MutationCache, QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useSyncExternalStore } from 'react';
import { Problem, toProblem } from './problem.ts';

export interface Health {
  reachable: boolean;
  /** False once the broker has said that nobody is signed in here any more. */
  signedIn: boolean;
}

export interface HealthStore {
  get(): Health;
  set(change: Partial<Health>): void;
  subscribe(listener: () => void): () => void;
}

export function createHealth(): HealthStore {
  let health: Health = { reachable: true, signedIn: true };
  const listeners = new Set<() => void>();
  return {
    get: () => health,
    set(change) {
      const next = { ...health, ...change };
      if (next.reachable === health.reachable && next.signedIn === health.signedIn) return;
      health = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** How long to wait before a broker that could not be reached is asked again. */
const RETRY_MS = { first: 1_000, most: 15_000 };

export function createQueries(health: HealthStore): QueryClient {
  const onError = (thrown: unknown): void => {
    const { kind } = toProblem(thrown);
    if (kind === 'offline') health.set({ reachable: false });
    if (kind === 'unauthenticated') health.set({ signedIn: false });
  };
  const onSuccess = (): void => health.set({ reachable: true });
  return new QueryClient({
    queryCache: new QueryCache({ onError, onSuccess }),
    mutationCache: new MutationCache({ onError, onSuccess }),
    defaultOptions: {
      queries: {
        // The broker's events say when something changed; what was read until then is good.
        staleTime: 30_000,
        retry(_failures, thrown) {
          const away = thrown instanceof Problem && thrown.kind === 'offline';
          // Said at once, not after the last try.
          if (away) health.set({ reachable: false });
          return away;
        },
        retryDelay: (failures) => Math.min(RETRY_MS.first * 2 ** failures, RETRY_MS.most),
        // `navigator.onLine` says no on machines without a default route, where a broker on the same host answers well.
        networkMode: 'always',
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
}

const HealthContext = createContext<HealthStore | undefined>(undefined);
export const HealthProvider = HealthContext;

export function useHealth(): Health {
  const store = useContext(HealthContext);
  if (store === undefined) throw new Error('a page is drawn outside of the app');
  return useSyncExternalStore(store.subscribe, store.get);
}

export function useHealthStore(): HealthStore {
  const store = useContext(HealthContext);
  if (store === undefined) throw new Error('a page is drawn outside of the app');
  return store;
}
