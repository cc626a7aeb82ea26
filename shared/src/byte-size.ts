// Reads and writes sizes as people write them: `512KiB`, `16MiB`, `1GiB`; also `16MB` (powers of 1000) and plain bytes.
const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** The size in bytes, or undefined where `text` is no size. */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,3})?)\s*([kKMG]i?B|B)?$/.exec(text.trim());
  const unit = match?.[2] ?? 'B';
  const unitBytes = UNIT_BYTES[unit];
  return match === null || unitBytes === undefined ? undefined : Math.floor(Number(match[1]) * unitBytes);
}

/** `64 MiB` and the like where the size is a whole number of a unit, else bytes. */
export function formatByteSize(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    const unitBytes = UNIT_BYTES[unit] ?? 1;
    if (bytes >= unitBytes && bytes % unitBytes === 0) return `${bytes / unitBytes} ${unit}`;
  }
  return `${bytes} bytes`;
}
