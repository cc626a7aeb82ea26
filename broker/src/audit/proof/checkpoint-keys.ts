// The keys by which checkpoints are signed (Ed25519), sealed by the vault. The newest signs; all of them stay published, because what was signed with
// a former one is to be verified as before.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';

/** Other keys in the same table are the OAuth server's, and those of what servers are told of people. */
const PREFIX = 'audit-';

const PrivateKeySchema = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() });

/** As RFC 7517 and RFC 8037 have it. */
export interface CheckpointKeyView {
  kid: string;
  kty: 'OKP';
  crv: 'Ed25519';
  x: string;
  alg: 'EdDSA';
  use: 'sig';
}

export interface Signer {
  kid: string;
  key: KeyObject;
}

export interface CheckpointKeys {
  signer(): Promise<Signer>;
  published(): Promise<CheckpointKeyView[]>;
  /** The public keys as PEM (SPKI), by id. */
  pems(): Promise<Record<string, string>>;
}

export function createCheckpointKeys(parts: {
  store: Pick<Store, 'keys'>;
  vault: Pick<Vault, 'seal' | 'open'>;
}): CheckpointKeys {
  const { store, vault } = parts;
  const purposeOf = (kid: string): string => `key:${kid}`;
  let known: Promise<readonly (Signer & { x: string })[]> | undefined;

  async function read() {
    const rows = (await store.keys.list()).filter(({ kid }) => kid.startsWith(PREFIX));
    const keys = rows.map(async ({ kid, sealed }) => {
      const text = Buffer.from(await vault.open(purposeOf(kid), sealed)).toString('utf8');
      const jwk = PrivateKeySchema.parse(JSON.parse(text));
      return { kid, x: jwk.x, key: createPrivateKey({ key: jwk, format: 'jwk' }) };
    });
    return (await Promise.all(keys)).toSorted((a, b) => numberOf(a.kid) - numberOf(b.kid));
  }

  async function readOrMake() {
    const keys = await read();
    if (keys.length > 0) return keys;
    const jwk = JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }));
    const kid = `${PREFIX}1`;
    await store.keys
      .add({ kid, sealed: vault.seal(purposeOf(kid), Buffer.from(jwk, 'utf8')) })
      .catch(async (error: unknown) => {
        // Another broker that needed one at the same moment was first: its key counts.
        if ((await read()).length === 0) throw error;
      });
    return await read();
  }

  function all() {
    const reading = (known ??= readOrMake());
    reading.catch(() => {
      if (known === reading) known = undefined;
    });
    return reading;
  }

  return {
    async signer() {
      const newest = (await all()).at(-1);
      if (newest === undefined) throw new GateError('internal', 'there is no key to sign checkpoints with');
      return newest;
    },
    async published() {
      const view = ({ kid, x }: { kid: string; x: string }) =>
        ({ kid, kty: 'OKP', crv: 'Ed25519', x, alg: 'EdDSA', use: 'sig' }) as const;
      return (await all()).map(view);
    },
    async pems() {
      const pem = ({ key }: Signer) => createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
      return Object.fromEntries((await all()).map((signer) => [signer.kid, pem(signer)]));
    },
  };
}

const numberOf = (kid: string): number => Number(kid.slice(PREFIX.length));
