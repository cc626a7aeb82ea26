// JSON values as text that is equal where they mean the same.

/** Values that each connection makes up for itself: only that they are there is compared. */
const MADE_UP = new Set([
  'progressToken',
  'requestState',
  'io.modelcontextprotocol/subscriptionId',
  'taskId',
  'createdAt',
  'lastUpdatedAt',
]);
/** What mcpgate says of itself in the server's place. */
const OWN_WORDS = new Set(['serverInfo', 'instructions', 'io.modelcontextprotocol/serverInfo']);

/** Keys sorted; without `dropped`, what mcpgate says of itself, and a `_meta` that has nothing else. */
export function canonicalText(value: unknown, dropped: readonly string[] = []): string {
  const sorted = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(sorted);
    if (typeof part !== 'object' || part === null) return part;
    const kept = Object.entries(part)
      .filter(([key]) => !OWN_WORDS.has(key) && !dropped.includes(key))
      .map(([key, inner]): [string, unknown] => [key, MADE_UP.has(key) ? '…' : sorted(inner)])
      .filter(([key, inner]) => key !== '_meta' || JSON.stringify(inner) !== '{}');
    return Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  };
  return JSON.stringify(sorted(value));
}
