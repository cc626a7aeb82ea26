// Moments as a field of the browser has them (`datetime-local`): where the reader is, to the minute, as `2026-12-01T14:03`.

/** Empty: no time. */
export function toLocalText(iso: string | null | undefined): string {
  if (iso === undefined || iso === null) return '';
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export const isoOfLocalText = (local: string): string | undefined =>
  local === '' ? undefined : new Date(local).toISOString();
