// Keys that a person enters: tried at the server before they are kept, so that a mistyped one is told where it was typed.
import { GateError } from 'mcpgate-shared/error';
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
          entered = outcomeOf(server, await parts.upstreams.test(server, { owner, keys, limitMs: LIMIT_MS }));
        });
        return entered;
      } finally {
        underWay.delete(key);
      }
    },
  };
}

/** Throws `KeysRefused`. */
function outcomeOf({ name, probe }: ServerRecord, { steps, verdict }: TestReport): EnteredKeys {
  const telling = steps.find(({ ok }) => !ok) ?? steps.find(({ step }) => step === 'probe');
  const detail = telling?.detail ?? '';
  switch (verdict) {
    case 'accepted':
      return { verified: true, detail };
    case 'refused':
      throw new KeysRefused('upstream', `these keys were not kept, what there was before stays: ${detail}`);
    case 'failed':
      return { verified: null, detail: `${name} could not be asked: ${detail}` };
    case 'unproven':
      return {
        verified: null,
        detail: probe === null ? `the record of ${name} names no tool that tells whether they are good` : detail,
      };
  }
}
