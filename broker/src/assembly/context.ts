// What every part of the broker is put together from: what the process was started with, and where what must end is told.
import type { Clock } from 'mcpgate-shared/clock';
import type { Config, ReloadedConfig } from '../config/load-config.ts';
import type { Unexpected } from '../domain/unexpected.ts';
import type { Doors } from '../http/doors/doors.ts';
import type { Logger } from '../log/logger.ts';

export interface BrokerOptions {
  config: Config;
  /** Reads the sources of the configuration again. */
  readConfig: (before: Config) => ReloadedConfig;
  /** The open listener and administration socket; the broker closes them when it ends. */
  doors: Doors;
  unexpected: Unexpected;
  log: Logger;
  clock: Clock;
  pid: number;
  isRoot: boolean;
  /** Of the broker: stdio servers get PATH and LANG and nothing else of it; the configuration says what secrets may come from it. */
  env: Readonly<Record<string, string | undefined>>;
  /** The home of the broker's own user. */
  userHome: string | undefined;
}

export interface AssemblyContext extends BrokerOptions {
  /** Under which everybody reaches the broker. */
  publicUrl: string;
  /** In milliseconds since 1970. */
  startedAt: number;
  /** This process among the brokers of a database. */
  self: { name: string; location: string };
  /** Called when the broker ends, the last one first. */
  onClose: (...closers: (() => unknown)[]) => void;
}

/** How long authorization servers of others may take to answer. */
export const PROVIDER_MS = 10_000;
