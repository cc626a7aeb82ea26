// The registry that the configuration names, fetched within bounds; it may have a private address.
import { createGuardedFetch } from '../../net/guarded-fetch.ts';
import { createRegistry, type Registry } from './registry.ts';

/** A page of an MCP registry holds fifty descriptions of servers. */
const MAX_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 15_000;

export function fetchedRegistry(url: string, allowHosts: readonly string[]): Registry {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const fetch = createGuardedFetch({ allowHosts: [...allowHosts, host], timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
  return createRegistry({ url, fetch });
}
