// The settings for stdio servers, which the broker starts itself, as its configuration gives them.

/** A command that people may register who are no administrators of the first workspace. Those may register any. */
export interface AllowedCommand {
  /** An absolute path, or a name that is looked up on the broker's PATH; a record must say the same to the letter. */
  command: string;
  /** The arguments of a record must begin with these. */
  args: readonly string[];
  /** The only environment variables that a record may set. */
  env: readonly string[];
}

export interface StdioSettings {
  allow: readonly AllowedCommand[];
  /** `auto`: use a sandbox where the host has one. `required`: start no server without one. `off`: use none. */
  sandbox: 'auto' | 'required' | 'off';
  /** Folders that every server may read, although the sandbox would hide them or their rights are closed to other users. */
  readable: readonly string[];
  /** Folders that every server in a sandbox may also write in. */
  writable: readonly string[];
}
