// How one entry is read from, put into and taken out of the text of a client's file. One implementation a file format.

/** What is needed to take the entry out again without a trace. Kept as JSON by the ledger; only the format that made it reads it. */
export type Undo = Readonly<Record<string, string | number>>;

export interface EntryFormat {
  /** The entry as a plain value; undefined where there is none, or null. Refuses (`client_file`) a text that it could not edit safely. */
  read(text: string, file: string): unknown;
  /**
   * The text with the entry put in or brought up to date; everything else stays byte for byte. `undo` is null where an entry of ours was
   * there; where it was the person's own, it is replaced, and `undo` keeps it.
   */
  put(text: string, file: string, entry: Readonly<Record<string, unknown>>): { text: string; undo: Undo | null };
  /**
   * The text without the entry. With the `undo` of `put` also without the containers that it created, empty where nothing is left, and with
   * the person's own entry that it replaced.
   */
  remove(text: string, file: string, undo: Undo | null): string;
  /** Whether the text uses what strict JSON does not know. */
  isRelaxed(text: string): boolean;
}
