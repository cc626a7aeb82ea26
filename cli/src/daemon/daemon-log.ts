// Writes the daemon's log; `daemon/main.ts` makes it, and every part of the daemon that has something to report gets it.

/** The daemon's log, with one line for each event. */
export interface DaemonLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export function createDaemonLog(
  out: { write(text: string): unknown },
  level: string | undefined,
  now: () => number,
): DaemonLog {
  const least = Math.max(
    0,
    LEVELS.findIndex((name) => name === (level ?? 'info')),
  );
  const line = (name: (typeof LEVELS)[number]) => (message: string) => {
    if (LEVELS.indexOf(name) < least) return;
    out.write(`${new Date(now()).toISOString()} ${name} ${message.replaceAll('\n', ' ')}\n`);
  };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
