// What mcpgate knows of one AI client: where its file lies, how the entry looks in it, and how to tell that it is installed.
import type { ClientDeps } from './client-deps.ts';
import type { EntryFormat } from './entry-format.ts';

/** The name of our entry in every client's file. */
export const ENTRY_NAME = 'mcpgate';

/** What the paths of a client depend on. */
export interface Place extends Pick<ClientDeps, 'env' | 'platform' | 'homedir'> {
  /** Names in a folder; empty where it cannot be read. */
  listFolder(path: string): readonly string[];
}

export interface Client {
  /** As typed: `mcpgate install-clients NAME`. */
  readonly name: string;
  readonly title: string;
  readonly format: EntryFormat;
  /** The entry that starts `launcher serve`. */
  entry(launcher: string): Readonly<Record<string, unknown>>;
  /** Absolute paths of its file, most usual first; more than one where builds of the client read different ones. */
  files(place: Place): readonly string[];
  /** Folders that exist only where the client is installed, besides those of its files. */
  folders(place: Place): readonly string[];
  /** Names of its executable on PATH. */
  readonly executables: readonly string[];
  /** Path of its project file, relative to the project; absent where it has none. */
  readonly projectFile?: string;
  /** Reads strict JSON only: comments and trailing commas in its file are worth a note. */
  readonly strictJson?: true;
  /** Has a command line of its own that must make the change, because the client rewrites its file all the time. */
  readonly ownCommand?: 'claude';
  /** What the person does for the change to take effect. */
  readonly restart: string;
}
