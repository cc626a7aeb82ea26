// What is known of a channel that its broker no longer has.

/** How far it got: what its peer had sent before `taken` may have been carried out, and nothing from there on. */
export interface ChannelEnd {
  id: string;
  /** Whose it was. */
  owner: string;
  /** SHA-256 of the secret that a resume must show, hex. */
  secretHash: string;
  taken: number;
}

/** What a broker leaves behind when it ends in good order. */
export interface Departure {
  /** The run of the broker, as its `welcome` names it. */
  broker: string;
  ends: readonly ChannelEnd[];
  /** A channel that is not among `ends` was never opened there. */
  isComplete: boolean;
}
