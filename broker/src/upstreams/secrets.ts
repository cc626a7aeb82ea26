// What the pool needs of the vault.

export interface Secrets {
  /** Throws `not_found` naming the secret that is missing. `imported`: nobody has set it since a file was imported. */
  value(workspaceId: string, name: string): Promise<{ value: string; version: number; imported: boolean }>;
  /** Called after a secret changed, with its name. Returns the function that ends it. */
  onChange(listener: (change: { workspaceId: string; name: string }) => void): () => void;
}
