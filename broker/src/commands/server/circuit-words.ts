// Why a server is not tried now, for people.

/** Empty where it is in order. */
export function circuitWords(
  server: { circuit: 'closed' | 'open' | 'half-open'; retry_at: string | null; flapping: boolean },
  now: number,
): string[] {
  const words = server.flapping ? ['flapping'] : [];
  if (server.retry_at !== null) {
    words.push(`tried again in ${Math.max(Math.ceil((Date.parse(server.retry_at) - now) / 1000), 0)} s`);
  } else if (server.circuit === 'half-open') words.push('the next call tries it');
  return words;
}
