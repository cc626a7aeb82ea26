// Keys that a person enters: tried at the server before they are kept, so that a mistyped one is told where it was typed.
import { GateError, toGateError } from 'mcpgate-shared/error';
import { fillTransport } from 'mcpgate-shared/values/fill-values';
import type { AccountOwner } from '../domain/people/account.ts';
import type { Actor } from '../domain/people/receipt.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import type { TestReport, Upstreams } from '../upstreams/upstream.ts';
import type { Accounts, GivenKeys } from './accounts.ts';
import { KeysRefused } from './keys.ts';

/** `verified` null: nothing was called that tells; `detail` says why. */
export interface EnteredKeys {
  verified: true | null;
  detail: string;
}

export interface KeysEntry {
  /** Throws what `Accounts.setKeys` throws, `upstream` where the service turned them away (those before are kept), and `throttled`. */
  enter(server: ServerRecord, owner: AccountOwner, given: GivenKeys, actor: Actor): Promise<EnteredKeys>;
}

/** A person waits for it. */
const LIMIT_MS = 20_000;

export function createKeysEntry(parts: {
  accounts: Pick<Accounts, 'setKeys'>;
  upstreams: Pick<Upstreams, 'test'>;
}): KeysEntry {
  /** By server and owner: each try is a connection, and may be a process. */
  const underWay = new Set<string>();
  return {
    async enter(server, owner, given, actor) {
      const key = `${server.id} ${owner}`;
      if (underWay.has(key))
        throw new GateError('throttled', `keys for ${server.name} are being tried already; wait for that`);
      underWay.add(key);
      try {
        let entered: EnteredKeys = { verified: null, detail: '' };
        await parts.accounts.setKeys(server, owner, given, actor, async (keys) => {
          assertFit(server, keys);
          entered = outcomeOf(server, await parts.upstreams.test(server, { owner, keys, limitMs: LIMIT_MS }));
        });
        return entered;
      } finally {
        underWay.delete(key);
      }
    },
  };
}

/** A key that cannot stand where the record has it would never work, whatever the service thinks of it. Throws `KeysRefused`. */
function assertFit({ transport }: ServerRecord, keys: ReadonlyMap<string, string>): void {
  try {
    fillTransport(transport, (name, kind) => {
      const value = kind === 'account' ? keys.get(name) : undefined;
      return value === undefined ? undefined : { value, imported: false };
    });
  } catch (error) {
    const { code, message } = toGateError(error);
    if (code !== 'config') throw error;
    throw new KeysRefused('usage', notKept(message), { cause: error });
  }
}

const notKept = (why: string): string => `these keys were not kept, what there was before stays: ${why}`;

/** Throws `KeysRefused`. */
function outcomeOf({ name, probe }: ServerRecord, { steps, verdict }: TestReport): EnteredKeys {
  const telling = steps.find(({ ok }) => !ok) ?? steps.find(({ step }) => step === 'probe');
  const detail = telling?.detail ?? '';
  switch (verdict) {
    case 'accepted':
      return { verified: true, detail };
    case 'refused':
      throw new KeysRefused('upstream', notKept(detail));
    case 'failed':
      return { verified: null, detail: `${name} could not be asked: ${detail}` };
    case 'unproven':
      return {
        verified: null,
        detail: probe === null ? `the record of ${name} names no tool that tells whether they are good` : detail,
      };
  }
}
