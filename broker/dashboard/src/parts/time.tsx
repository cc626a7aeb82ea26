// Times as people read them: how long ago, with the moment in the reader's own zone, which is always named, behind it.
import { Tooltip } from '@mantine/core';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';

const MINUTE = 60_000;
const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 24 * 60 * MINUTE],
  ['month', 30 * 24 * 60 * MINUTE],
  ['day', 24 * 60 * MINUTE],
  ['hour', 60 * MINUTE],
  ['minute', MINUTE],
];

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** `at` seen from `now`: "3 minutes ago", "in 2 days"; "just now" below a minute. */
function agoText(at: number, now: number): string {
  const distance = at - now;
  const [unit, size] = UNITS.find(([, unitMs]) => Math.abs(distance) >= unitMs) ?? [];
  return unit === undefined || size === undefined ? 'just now' : relative.format(Math.round(distance / size), unit);
}

/** The moment in the reader's zone: "1 Dec 2026, 14:03:22 GMT+1". */
export const momentText = (at: number): string => moment.format(at);
export const clockText = (at: number): string => clock.format(at);

const Now = createContext(0);

/** One clock for all times of the page; it ticks each half minute, and when the tab is looked at again. */
export function NowProvider({ children }: { children: ReactNode }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const tick = () => setNow(Date.now());
    const timer = setInterval(tick, MINUTE / 2);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }, []);
  return <Now value={now}>{children}</Now>;
}

export const useNow = (): number => useContext(Now);

/** How long ago `at` was. `never` stands where there is no such time. */
export function Ago({ at, never = 'never' }: { at: string | null | undefined; never?: string }) {
  const now = useNow();
  if (at === null || at === undefined) return <span>{never}</span>;
  const ms = Date.parse(at);
  return (
    <Tooltip label={momentText(ms)}>
      <time dateTime={at}>{agoText(ms, Math.max(now, Math.min(ms, now + MINUTE)))}</time>
    </Tooltip>
  );
}

/** The moment itself, in the reader's zone. */
export function Moment({ at }: { at: string }) {
  return <time dateTime={at}>{momentText(Date.parse(at))}</time>;
}
