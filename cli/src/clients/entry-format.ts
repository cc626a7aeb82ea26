// The interface for reading, adding and removing an entry in the text of a client's file. Each file format has one implementation.

/** What is needed to remove the entry again without a trace. The ledger keeps it as JSON; only the format that made it reads it. */
export type Undo = Readonly<Record<string, string | number>>;

/** An entry of an MCP server, whosever it is. */
export interface FoundEntry {
  /** Keys from the root of the file to the entry; the last one is its name. */
  readonly path: readonly string[];
  readonly value: unknown;
}

export interface EntryFormat {
  /** The entry as a plain value; undefined where there is none or it is null. Throws `client_file` for a text that cannot be edited safely. */
  read(text: string, file: string): unknown;
  /**
   * The text with the entry added or updated; everything else stays the same, byte for byte. `undo` is null where mcpgate's entry was there
   * already. An entry of the same name that the person made is replaced, and `undo` keeps it.
   */
  put(text: string, file: string, entry: Readonly<Record<string, unknown>>): { text: string; undo: Undo | null };
  /**
   * The text without the entry. With the `undo` of `put`, containers that `put` created are removed too, and an entry of the person's that it
   * replaced is restored; the text is empty where nothing is left.
   */
  remove(text: string, file: string, undo: Undo | null): string;
  /** Every entry of an MCP server in the file, ours among them. Refuses what `read` refuses. */
  entries(text: string, file: string): FoundEntry[];
  /** The text without the entry at `path`; everything else stays byte for byte, an empty container too. */
  without(text: string, file: string, path: readonly string[]): string;
  /** Whether the text has comments or trailing commas, which strict JSON does not allow. */
  isRelaxed(text: string): boolean;
}
