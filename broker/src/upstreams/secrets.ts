// What the pool needs of the vault.

export interface Secrets {
  /** Replaces each `${secret:NAME}` in `text`; throws `not_found` naming the secret that is missing. */
  resolve(workspaceId: string, text: string): Promise<{ value: string; versions: readonly string[] }>;
  /** Called after a secret changed, with its name. Returns the function that ends it. */
  onChange(listener: (change: { workspaceId: string; name: string }) => void): () => void;
}
