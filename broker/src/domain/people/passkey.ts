// A passkey: a key pair that a person's device, password manager or security key holds, and of which the broker has the public half.

export interface PasskeyRecord {
  /** By which the administration names it, `pk_…`. */
  id: string;
  workspaceId: string;
  userId: string;
  /** What the authenticator calls it, base64url. */
  credentialId: string;
  /** COSE. */
  publicKey: Uint8Array;
  /** How often the authenticator says that it was used; 0: it does not count. */
  counter: number;
  /** How a browser reaches the authenticator: `internal`, `usb`, `hybrid`, … */
  transports: readonly string[];
  /** It is kept by more than one device. */
  backedUp: boolean;
  /** What its person calls it. */
  name: string;
  createdAt: number;
  lastUsedAt: number | null;
}

/** How a browser session began. `link`: with a one-time link, by which a password was set. */
export type SignInMethod = 'password' | 'passkey' | 'idp' | 'link';
/** What was shown besides, or by a passkey that has asked for a finger, a face or a PIN itself; `idp`: the company's provider says that it has asked. */
export type SecondFactor = 'passkey' | 'idp';
