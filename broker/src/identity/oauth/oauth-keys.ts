// The OAuth server's keys: made at the first start, and kept in the store, sealed by the vault.
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';

export interface OAuthKeys {
  signing: JWK;
  /** Signs cookies and form tokens. */
  cookie: string;
}

const SIGNING_KID = 'oauth-signing-1';
const COOKIE_KID = 'oauth-cookie-1';
const JwkSchema = z.object({
  kty: z.literal('EC'),
  crv: z.string(),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  kid: z.string(),
  alg: z.string(),
  use: z.string(),
});

async function createSigningKey(): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return JSON.stringify({ ...(await exportJWK(privateKey)), kid: SIGNING_KID, alg: 'ES256', use: 'sig' });
}

/** Reads the keys, or makes them. Throws what the vault throws where they were sealed under another master key. */
export async function loadOAuthKeys(store: Store, vault: Vault): Promise<OAuthKeys> {
  const purpose = (kid: string): string => `key:${kid}`;
  const find = async (kid: string): Promise<string | undefined> => {
    const row = (await store.keys.list()).find((key) => key.kid === kid);
    return row && Buffer.from(await vault.open(purpose(kid), row.sealed)).toString('utf8');
  };
  const findOrMake = async (kid: string, make: () => Promise<string> | string): Promise<string> => {
    const kept = await find(kid);
    if (kept !== undefined) return kept;
    const made = await make();
    try {
      await store.keys.add({ kid, sealed: vault.seal(purpose(kid), Buffer.from(made, 'utf8')) });
      return made;
    } catch (error) {
      // Another broker that started at the same moment has stored its key first: that key counts.
      const theirs = await find(kid);
      if (theirs === undefined) throw error;
      return theirs;
    }
  };
  const signing = JwkSchema.parse(JSON.parse(await findOrMake(SIGNING_KID, createSigningKey)));
  return { signing, cookie: await findOrMake(COOKIE_KID, () => randomBytes(32).toString('base64url')) };
}
