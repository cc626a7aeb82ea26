// Makes a committed revocation take effect: listeners end the links, sessions and calls that it means, at this broker and at all others over the
// database; then the receipt is made and recorded.
import type { EndedElsewhere, LastCall, Receipt } from '../domain/people/receipt.ts';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import type { Audit } from '../audit/audit.ts';
import type { AuditEvent } from '../domain/call-record.ts';
import type { Live, Revocation } from '../domain/people/revocation.ts';
import type { FallenRules } from '../store/repositories/policy.ts';
import type { RevocationListener } from '../domain/people/revocation.ts';

/** An account that is forgotten here; `why`: it may be good at its provider. */
export interface EndedAtServer {
  server: string;
  revoked: boolean;
  why: string | null;
}

export interface Revocations {
  /** `live`: the owners of everything that the listener could have to end now. Returns the function that removes the listener. */
  listen(listener: RevocationListener, live?: () => Iterable<Live>): () => void;
  /** Ends what this broker has of revocations that another broker has made. Throws where listeners fail, after all have run. */
  endHere(revocations: readonly Revocation[]): Promise<{ linksClosed: number; callsCancelled: number }>;
  /** The same at all brokers, without a receipt. Throws likewise. */
  cut(revocations: readonly Revocation[]): Promise<void>;
  /** Grows with every revocation. A credential that was authenticated before it grew must be checked again. */
  readonly count: number;
  /** The owners of everything that is open at this broker, as the listeners have it. */
  live(): Live[];
  /**
   * Runs all listeners and asks the other brokers to do the same; then records `event` with the receipt. Throws `internal` where listeners fail,
   * after all have run and the event is recorded.
   */
  end(options: {
    subject: string;
    startedAt: number;
    revocations: readonly Revocation[];
    tokensRevoked: number;
    event: Omit<AuditEvent, 'subject'>;
    /** Whose last calls the receipt shows: a user's name or `grant:LABEL`; `credentialId`: only the calls of this credential. */
    caller?: { name: string; credentialId?: string };
    /** Finds the tokens that the person had issued and that work on; asked once everything has ended. */
    stillActive?: () => Promise<readonly string[]>;
    /** What became of the rules that named the removed person. */
    rules?: FallenRules;
    /** What became of their accounts at servers. */
    accounts?: Promise<readonly EndedAtServer[]>;
  }): Promise<Receipt>;
}

export type EndElsewhere = (revocations: readonly Revocation[]) => Promise<EndedElsewhere>;
const NOWHERE: EndedElsewhere = { linksClosed: 0, callsCancelled: 0, unconfirmed: [] };

/** Among how many of a person's newest calls the last call of each device is looked for. */
const NEWEST_CALLS = 1_000;

export function createRevocations(parts: {
  clock: Clock;
  audit: Audit;
  /** Makes the other brokers end what they have of a revocation. */
  endElsewhere?: EndElsewhere | undefined;
}): Revocations {
  const { clock, audit, endElsewhere = () => Promise.resolve(NOWHERE) } = parts;
  const listeners = new Map<RevocationListener, () => Iterable<Live>>();
  let count = 0;

  const notify = async (revocations: readonly Revocation[]) => {
    count += 1;
    const runs = revocations.flatMap((revocation) =>
      [...listeners.keys()].map(async (listener) => listener(revocation)),
    );
    const results = await Promise.allSettled(runs);
    const done = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    return {
      linksClosed: done.reduce((sum, { linksClosed }) => sum + linksClosed, 0),
      callsCancelled: done.reduce((sum, { callsCancelled }) => sum + callsCancelled, 0),
      failures,
    };
  };

  const lastCalls = async (
    workspaceId: string,
    { name, credentialId }: { name: string; credentialId?: string },
  ): Promise<LastCall[]> => {
    const newest = new Map<string, LastCall>();
    for (const call of await audit.searchCalls({ workspaceId, user: name, limit: NEWEST_CALLS })) {
      if (newest.has(call.credential_id) || (credentialId ?? call.credential_id) !== call.credential_id) continue;
      const { credential_label: device, server, tool_name, ts } = call;
      newest.set(call.credential_id, { device, server, tool_name, ts });
    }
    return [...newest.values()];
  };

  const failOn = (failures: readonly unknown[]): void => {
    if (failures.length > 0) throw new AggregateError(failures, 'some live links could not be closed');
  };

  return {
    async cut(revocations) {
      const [{ failures }] = await Promise.all([notify(revocations), endElsewhere(revocations)]);
      failOn(failures);
    },
    listen(listener, live = () => []) {
      listeners.set(listener, live);
      return () => void listeners.delete(listener);
    },
    get count() {
      return count;
    },
    live: () => [...listeners.values()].flatMap((live) => [...live()]),
    async endHere(revocations) {
      const { failures, ...counts } = await notify(revocations);
      failOn(failures);
      return counts;
    },
    async end({
      subject,
      startedAt,
      revocations,
      tokensRevoked,
      event,
      caller,
      stillActive = () => Promise.resolve([]),
      rules = { removed: [], narrowed: [] },
      accounts = Promise.resolve([]),
    }) {
      const [here, elsewhere] = await Promise.all([notify(revocations), endElsewhere(revocations)]);
      const atServers = await accounts;
      const { failures } = here;
      const { unconfirmed } = elsewhere;
      const counts = {
        links_closed: here.linksClosed + elsewhere.linksClosed,
        calls_cancelled: here.callsCancelled + elsewhere.callsCancelled,
      };
      const now = clock.now();
      const receipt: Receipt = {
        subject,
        ...counts,
        tokens_revoked: tokensRevoked,
        accounts_revoked: atServers.filter(({ revoked }) => revoked).length,
        accounts_left: atServers.flatMap(({ server, why }) => (why === null ? [] : [`${server}: ${why}`])),
        ms: Math.max(0, now - startedAt),
        at: new Date(now).toISOString(),
        last_calls: caller === undefined ? [] : await lastCalls(event.workspace_id, caller),
        unconfirmed,
        still_active: [...(await stillActive())],
        rules_removed: rules.removed,
        rules_narrowed: rules.narrowed,
      };
      const told = receipt.last_calls.map(({ device, tool_name, ts }) => `${device}: ${tool_name ?? '-'} at ${ts}`);
      const { ms } = receipt;
      const data = { ...event.data, ...counts, tokens_revoked: tokensRevoked, ms, last_calls: told };
      const besides = {
        ...(receipt.accounts_revoked > 0 && { accounts_revoked: receipt.accounts_revoked }),
        ...(receipt.accounts_left.length > 0 && { accounts_left: receipt.accounts_left }),
        ...(unconfirmed.length > 0 && { unconfirmed }),
        ...(receipt.still_active.length > 0 && { still_active: receipt.still_active }),
        ...(rules.removed.length > 0 && { rules_removed: rules.removed }),
        ...(rules.narrowed.length > 0 && { rules_narrowed: rules.narrowed }),
      };
      await audit.event({ ...event, subject, data: { ...data, ...besides } });
      if (failures.length > 0) {
        const message = `${subject} is revoked, but some of its live links could not be closed: restart the broker to be sure`;
        throw new GateError('internal', message, { cause: new AggregateError(failures) });
      }
      return receipt;
    },
  };
}
