// Durations as people write them: `500ms`, `30s`, `15m`, `8h`, `90d`.

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds, or undefined where `text` is no duration. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)\s*(ms|s|m|h|d|w)$/.exec(text.trim());
  const unitMs = UNIT_MS[match?.[2] ?? ''];
  return match === null || unitMs === undefined ? undefined : Math.round(Number(match[1]) * unitMs);
}

/** As people write it; the inverse of `parseDurationMs`. `ms`: a whole number. */
export function writtenDuration(ms: number): string {
  const [unit, size] = Object.entries(UNIT_MS).findLast(([, each]) => each >= 1000 && ms % each === 0) ?? ['s', 1000];
  return `${ms / size}${unit}`;
}
