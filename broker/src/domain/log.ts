// The interface of a log, for rooms that write to one but do not make one; `log/logger.ts` does.

/** The part of pino's logger that the broker's modules use. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
