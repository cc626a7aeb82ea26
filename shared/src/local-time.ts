// Times as people read them, everywhere the same: by the clock of the machine that says them, with their zone, to the second.

const two = (value: number): string => String(value).padStart(2, '0');

/** `+02:00`, at that time. */
export function zoneOf(time: string | number): string {
  const minutes = -new Date(time).getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

export function dayOf(time: string | number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function clockOf(time: string | number): string {
  const date = new Date(time);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `2026-11-30 21:33:05 +02:00`, of an ISO time or of ms since the epoch. */
export const localTime = (time: string | number): string => `${dayOf(time)} ${clockOf(time)} ${zoneOf(time)}`;

/** The same of a time that is waited for: rounded up to the second, so that nobody comes too early. */
export const localTimeOf = (ms: number): string => localTime(Math.ceil(ms / 1_000) * 1_000);
