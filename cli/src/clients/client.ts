// The description of one AI client: where its file is, how mcpgate's entry looks in it, and how to find out that the client is installed.
import type { ClientDeps } from './client-deps.ts';
import type { EntryFormat } from './entry-format.ts';

/** The name of mcpgate's entry in every client's file: of the one that serves whichever profile was chosen, or always the named one. */
export const entryNameFor = (profile: string | undefined): string =>
  profile === undefined ? 'mcpgate' : `mcpgate-${profile}`;

/** What the paths of a client depend on. */
export interface Computer extends Pick<ClientDeps, 'env' | 'platform' | 'homedir'> {
  /** The names in a folder; empty where the folder cannot be read. */
  listFolder(path: string): readonly string[];
}

export interface Client {
  /** The name that people type: `mcpgate install-clients NAME`. */
  readonly name: string;
  readonly title: string;
  /** The name of mcpgate's entry in its files, which `format` reads and writes. */
  readonly entryName: string;
  readonly format: EntryFormat;
  /** The entry that starts `launcher serve`, with `more` behind it. */
  entry(launcher: string, more: readonly string[]): Readonly<Record<string, unknown>>;
  /** Absolute paths of the client's file, the most usual first; several where builds of the client read different files. */
  files(computer: Computer): readonly string[];
  /** More folders that exist only where the client is installed. */
  folders(computer: Computer): readonly string[];
  /** Names of the client's executable on PATH. */
  readonly executables: readonly string[];
  /** Path of the client's project file, relative to the project; absent where there is none. */
  readonly projectFile?: string;
  /** The client reads strict JSON only, so the person is told of comments and trailing commas in its file. */
  readonly strictJson?: true;
  /** The client has a command that must make the change, because the client rewrites its file all the time. */
  readonly ownCommand?: 'claude';
  /** What the person has to do for the change to take effect. */
  readonly restart: string;
}
