// What the broker says of people, signed: to servers that are to know who asks. The keys are in the store, sealed, and all brokers over it sign
// with the same one; their public halves are at `/.well-known/jwks.json`.
import type { JWK } from 'jose';
import type { ServerRecord } from '../domain/server-record.ts';

export interface IdentityTokens {
  /**
   * A JWT that says to this server that this person asks. It ends two minutes after it was made; the same one is given for a quarter of that.
   * Throws `forbidden` where the access of the person has ended.
   */
  tokenFor(server: Pick<ServerRecord, 'id' | 'name' | 'workspaceId' | 'transport'>, userId: string): Promise<string>;
  /** Somebody has another name, role or other groups: what was made before is not given any more. */
  personChanged(): void;
}

/** `next`: published, and signs soon; `previous`: signs no more, and is published until the last token that it signed has ended. */
export interface SigningKeyView {
  id: string;
  state: 'next' | 'current' | 'previous';
  /** ms since the epoch, as all times here. */
  createdAt: number;
  signsFrom: number;
  /** Null: another one must take its place first. */
  publishedUntil: number | null;
}

export interface SigningKeys {
  /** The public keys, as a JWK set. */
  published(): Promise<{ keys: readonly JWK[] }>;
  list(): Promise<SigningKeyView[]>;
  /**
   * Makes the next key. It is published at once, and signs when whoever has read the keys before must have read them again. `atOnce`: it signs
   * from now on, and those before it are good no more. Throws `conflict` where the next key is there already.
   */
  rotate(options: { atOnce: boolean }): Promise<SigningKeyView[]>;
  /** Another broker has changed the keys. */
  changed(): void;
}

export interface Assertions extends IdentityTokens {
  readonly keys: SigningKeys;
}
