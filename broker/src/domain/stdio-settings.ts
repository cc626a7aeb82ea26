// What the broker's configuration says of servers that it starts itself.

/** A command that others than administrators of the first workspace may register. */
export interface AllowedCommand {
  /** An absolute path, or a name that is looked up on the broker's PATH; a record must say the same to the letter. */
  command: string;
  /** What its arguments must begin with. */
  args: readonly string[];
  /** The only environment variables that may be set. */
  env: readonly string[];
}

export interface StdioSettings {
  allow: readonly AllowedCommand[];
  /** `off`: none is tried; `required`: nothing starts without one. */
  sandbox: 'auto' | 'required' | 'off';
  /** Folders that every server may read although they are closed to others, or hidden by the sandbox. */
  readable: readonly string[];
  /** Folders that every server in a sandbox may also write in. */
  writable: readonly string[];
}
