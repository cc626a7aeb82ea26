// What the store keeps of a channel that its broker no longer has, so that another broker, or the next run of the same one, can go on with it.

/** How far a channel got. */
export interface ChannelEnd {
  id: string;
  /** Whose the channel was, as `ownerOf` writes it. */
  owner: string;
  /** SHA-256 of the secret that a resume must show, hex. */
  secretHash: string;
  /** The sequence number up to which the broker took the peer's messages: those before it may have been carried out, none from it on has been. */
  taken: number;
}

/** What a broker leaves in the store when it ends in good order. */
export interface Departure {
  /** The run of the broker, as its `welcome` names it. */
  broker: string;
  ends: readonly ChannelEnd[];
  /** True: `ends` has every channel of that run, so a channel that is missing there was never opened at that broker. */
  isComplete: boolean;
}

/** A channel that a broker gave up with the messages that its peer has not acknowledged. The broker that the peer asks next goes on with it. */
export interface LeftChannel extends ChannelEnd {
  /** The run of the broker that had it. */
  broker: string;
  /** The answers that the peer has not acknowledged, sealed by the vault. Null: there are none. */
  sealed: Uint8Array | null;
}

/** Names a channel that another broker has, to ask that broker for it. */
export type WantedChannel = Pick<ChannelEnd, 'id' | 'owner' | 'secretHash'>;
