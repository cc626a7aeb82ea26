// The keys that sign what servers are told of people. Of several the newest whose time has come signs. It is published before that, and the one
// before it is published after that, so that whoever verifies has the right one at hand.
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import { z } from 'zod';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import type { SigningKeys, SigningKeyView } from './assertions.ts';

export const ALGORITHM = 'ES256';
/** How long a token is good. */
export const TOKEN_MS = 120_000;
/** How long whoever has read the keys may go by them; the answer says so. */
export const KEYS_AGE_MS = 300_000;
/** How far the clocks of brokers and servers may differ. */
const SKEW_MS = 60_000;
/** Other keys in the same table are the OAuth server's. */
const PREFIX = 'identity-';

const PrivateKeySchema = z.object({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string(), d: z.string() });

interface Key {
  kid: string;
  createdAt: number;
  signsFrom: number;
  public: JWK;
  private: CryptoKey;
}

export interface Signer {
  kid: string;
  key: CryptoKey;
}

export function createSigningKeys(parts: {
  store: Pick<Store, 'keys'>;
  vault: Pick<Vault, 'seal' | 'open'>;
  clock: Clock;
}): SigningKeys & { signer(): Promise<Signer> } {
  const { store, vault, clock } = parts;
  const purposeOf = (kid: string): string => `key:${kid}`;
  const opened = new Map<string, Key>();
  let known: Promise<readonly Key[]> | undefined;

  async function read(): Promise<Key[]> {
    const rows = (await store.keys.list()).filter(({ kid }) => kid.startsWith(PREFIX));
    const keys = await Promise.all(rows.map(async (row) => opened.get(row.kid) ?? (await open(row))));
    opened.clear();
    for (const key of keys) opened.set(key.kid, key);
    return keys.toSorted((a, b) => a.signsFrom - b.signsFrom || numberOf(a.kid) - numberOf(b.kid));
  }

  async function open({ kid, sealed, createdAt, signsFrom }: Awaited<ReturnType<Store['keys']['list']>>[number]) {
    const text = Buffer.from(await vault.open(purposeOf(kid), sealed)).toString('utf8');
    const { d, ...open } = PrivateKeySchema.parse(JSON.parse(text));
    const imported = await importJWK({ ...open, d }, ALGORITHM);
    if (imported instanceof Uint8Array) throw new GateError('internal', `the key ${kid} is of another kind`);
    const published = { ...open, kid, alg: ALGORITHM, use: 'sig' };
    return { kid, createdAt, signsFrom, public: published, private: imported };
  }

  /** Those there are; the first one is made when it is needed. */
  function all(): Promise<readonly Key[]> {
    const reading = (known ??= readOrMake());
    reading.catch(() => {
      if (known === reading) known = undefined;
    });
    return reading;
  }

  async function readOrMake(): Promise<readonly Key[]> {
    const keys = await read();
    if (keys.length > 0) return keys;
    await add(1, clock.now()).catch(async (error: unknown) => {
      // Another broker that needed one at the same moment was first: its key counts.
      if ((await read()).length === 0) throw error;
    });
    return read();
  }

  async function add(number: number, signsFrom: number, replaced: readonly string[] = []): Promise<void> {
    const kid = `${PREFIX}${number}`;
    const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    const sealed = vault.seal(purposeOf(kid), Buffer.from(JSON.stringify(await exportJWK(privateKey)), 'utf8'));
    await store.keys.add({ kid, sealed, signsFrom }, replaced);
  }

  /** The last whose time has come; the first key signs whatever a clock says. */
  const currentOf = (keys: readonly Key[]): Key | undefined =>
    keys.findLast(({ signsFrom }) => signsFrom <= clock.now()) ?? keys[0];

  /** When the last token that it signed has ended; undefined: no other follows it. */
  function endOf(keys: readonly Key[], index: number): number | undefined {
    const follower = keys[index + 1];
    return follower && follower.signsFrom + TOKEN_MS + SKEW_MS;
  }

  const isOver = (keys: readonly Key[], index: number): boolean => (endOf(keys, index) ?? Infinity) <= clock.now();

  function views(keys: readonly Key[]): SigningKeyView[] {
    const current = currentOf(keys);
    return keys.flatMap((key, index) => {
      if (isOver(keys, index)) return [];
      const { kid: id, createdAt, signsFrom } = key;
      const state = key === current ? 'current' : signsFrom > clock.now() ? 'next' : 'previous';
      return [{ id, state, createdAt, signsFrom, publishedUntil: endOf(keys, index) ?? null } as const];
    });
  }

  return {
    async signer() {
      const current = currentOf(await all());
      if (current === undefined) throw new GateError('internal', 'there is no key to sign with');
      return { kid: current.kid, key: current.private };
    },
    async published() {
      const keys = await all();
      return { keys: keys.filter((_key, index) => !isOver(keys, index)).map((key) => key.public) };
    },
    list: async () => views(await all()),
    async rotate({ atOnce }) {
      known = undefined;
      const keys = await all();
      const next = keys.at(-1);
      if (!atOnce && next !== undefined && next.signsFrom > clock.now())
        throw new GateError('conflict', `${next.kid} is to follow already; it signs from ${timeOf(next.signsFrom)} on`);
      const over = keys.filter((_key, index) => atOnce || isOver(keys, index)).map(({ kid }) => kid);
      const signsFrom = clock.now() + (atOnce ? 0 : KEYS_AGE_MS + SKEW_MS);
      await add(Math.max(...keys.map(({ kid }) => numberOf(kid)), 0) + 1, signsFrom, over).catch((error: unknown) => {
        if (!(error instanceof GateError) || error.code !== 'conflict') throw error;
        throw new GateError('conflict', 'somebody else has rotated them at the same moment: list them', {
          cause: error,
        });
      });
      known = undefined;
      return views(await all());
    },
    changed: () => void (known = undefined),
  };
}

const numberOf = (kid: string): number => Number(kid.slice(PREFIX.length));
const timeOf = (ms: number): string => new Date(ms).toISOString();
