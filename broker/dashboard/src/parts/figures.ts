// Figures as people read them.

/** A time that something took: "12 ms", "1.4 s"; a dash where there is none. */
export function msText(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

/** A part of a whole: "3 (12 %)"; 0 alone. */
export const shareText = (part: number, whole: number): string =>
  part === 0 ? '0' : `${part} (${part / whole < 0.01 ? '<1' : Math.round((part / whole) * 100)} %)`;

/** "1 call", "2 calls". */
export const countText = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString()} ${count === 1 ? one : many}`;

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const;

/** A size: "512 bytes", "1.4 MB". */
export function bytesText(bytes: number): string {
  const step = Math.min(UNITS.length - 1, bytes < 1_000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const size = bytes / 1_000 ** step;
  return `${step === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[step]}`;
}
