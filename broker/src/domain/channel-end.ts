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

/** One channel that a broker gave up, with what its peer has not acknowledged: whoever is asked for it goes on where it ended. */
export interface LeftChannel extends ChannelEnd {
  /** The run of the broker that had it. */
  broker: string;
  /** Answers, sealed by the vault. Null: nothing waits for the peer any more. */
  sealed: Uint8Array | null;
}

/** Where a channel has to be asked for that another broker has. */
export type WantedChannel = Pick<ChannelEnd, 'id' | 'owner' | 'secretHash'>;
