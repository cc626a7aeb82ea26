// What the pool needs of the vault.

export interface Secrets {
  /**
   * Throws `not_found` naming the secret that is missing. `imported`: nobody has set it since a file was imported. `source`: where it is read, left
   * out for one that the vault keeps.
   */
  value(
    workspaceId: string,
    name: string,
  ): Promise<{ value: string; version: number; imported: boolean; source?: string }>;
  /** A connection that holds these versions (`NAME@VERSION`) is used again. Undefined where nothing is to be written down. */
  used(workspaceId: string, versions: readonly string[]): Promise<unknown> | undefined;
  /** A server refused them (HTTP 401): what is read from elsewhere may be another value there by now, and is looked at when it is asked for next. */
  refused(workspaceId: string, versions: readonly string[]): void;
  /** Called after a secret changed, with its name. Returns the function that ends it. */
  onChange(listener: (change: { workspaceId: string; name: string }) => void): () => void;
}
