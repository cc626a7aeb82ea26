// Changes the record of a server in place, whichever part of it: what is asked for is checked as when a server is added, and written only
// over the record that was read.
import { isDeepStrictEqual } from 'node:util';
import type { ChangedServer } from 'mcpgate-shared/api/servers';
import { may } from 'mcpgate-shared/api/roles';
import { serverEtag } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import type { AccountRecord } from '../../domain/people/account.ts';
import type { Probe, RecordFields, ServerRecord } from '../../domain/server-record.ts';
import { secretNamesOfRecord } from '../../domain/transports/transport-texts.ts';
import { targetOf } from '../../domain/transports/transports.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { probeDoubt } from '../../upstreams/probe/probe-call.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { isoTime } from '../iso-time.ts';
import { tagsIn, type Caller } from '../operation.ts';
import { changesBetween } from './record-changes.ts';
import { assertRecordFits } from './record-refusals.ts';
import { toServer } from './server-view.ts';

type Needs = Pick<AdminDependencies, 'store' | 'vault' | 'upstreams' | 'allowedCommands'>;

/** How often a change is made anew to a record that somebody else has changed meanwhile. */
const MAX_TRIES = 5;

/** The revision that a change is for, by the request's `If-Match`; undefined: any. Throws `stale` where the record is another one. */
export function wantedRevision(ifMatch: string | undefined, record: ServerRecord): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  if (tagsIn(ifMatch).includes(serverEtag(record))) return record.revision;
  throw new GateError(
    'stale',
    `${record.name} was changed meanwhile, last at ${isoTime(record.updatedAt)}: read it again, and make your change to what it is now; nothing was changed`,
  );
}

export interface Change {
  read(): Promise<ServerRecord>;
  ifMatch: string | undefined;
  /** What the record is to be. It is asked again where the record was changed meanwhile, and that is no matter. */
  fields(record: ServerRecord): RecordFields;
  dryRun: boolean;
}

/** Throws what `assertRecordFits` throws, and `stale`. */
export async function changeServer(
  needs: Needs,
  caller: Caller,
  change: Change,
): Promise<{ record: ServerRecord; answer: ChangedServer }> {
  for (let tries = 1; ; tries += 1) {
    const before = await change.read();
    const ifRevision = wantedRevision(change.ifMatch, before);
    const wanted = change.fields(before);
    const fields = { ...wanted, probe: keptProbe(caller, wanted.probe, before.probe) };
    await assertRecordFits(needs, caller, { name: before.name, ...fields }, { before });
    const changes = changesBetween(before.name, before, fields);
    const after = { ...before, ...fields };
    try {
      const record =
        change.dryRun || changes.length === 0
          ? after
          : await needs.store.servers.update(before.id, fields, before.revision);
      const status = needs.upstreams.status(before.workspaceId).find(({ name }) => name === before.name);
      const answer = {
        ...toServer(record, status),
        changes,
        secrets_unused: await unusedSecrets(needs, before, after),
        accounts_left: await accountsLeft(needs, before, after),
        probe_warning: probeWarning(needs, record, before),
        dry_run: change.dryRun,
      };
      return { record, answer };
    } catch (error) {
      const isLost = error instanceof GateError && error.code === 'stale';
      if (!isLost || ifRevision !== undefined || tries === MAX_TRIES) throw error;
    }
  }
}

/** Secrets of the vault that the record referred to, and that no server refers to any more. `after` undefined: it is removed. */
export async function unusedSecrets(
  { store, vault }: Pick<Needs, 'store' | 'vault'>,
  before: ServerRecord,
  after?: ServerRecord,
): Promise<string[]> {
  const others = (await store.servers.list(before.workspaceId)).filter(({ id }) => id !== before.id);
  const used = new Set([...others, ...(after === undefined ? [] : [after])].flatMap(secretNamesOfRecord));
  const dropped = secretNamesOfRecord(before).filter((name) => !used.has(name));
  if (dropped.length === 0) return [];
  const there = new Set((await vault.list(before.workspaceId)).map(({ name }) => name));
  return dropped.filter((name) => there.has(name));
}

/** What is to be said of a probe that was named. */
function probeWarning(
  { upstreams }: Needs,
  { id, name, workspaceId, probe }: ServerRecord,
  before: ServerRecord,
): string | null {
  if (probe === null || isDeepStrictEqual(probe, before.probe)) return null;
  const tools = upstreams.knownTools({ id });
  const test = `mcpgate-broker server test ${name}${inWorkspace(workspaceId)}`;
  return tools === undefined
    ? `it was not looked at yet whether there is such a tool: ${test}`
    : probeDoubt(probe.tool, tools);
}

async function accountsLeft(
  { store }: Pick<Needs, 'store'>,
  before: ServerRecord,
  after: ServerRecord,
): Promise<number> {
  const isMoved = targetOf(before.transport) !== targetOf(after.transport);
  const isGood = ({ account, credential }: ServerRecord, { kind, owner }: AccountRecord): boolean =>
    account?.kind === kind && (owner === 'shared') === (credential === 'shared');
  const accounts = (await store.accounts.ofServer(before.id)).filter((each) => isGood(before, each));
  return accounts.filter((each) => isMoved || !isGood(after, each)).length;
}

/**
 * The probe as it is kept. `before`: the one that the record has, which stays what it is where nothing of it changes. An operator gets no call by it
 * that no rule allows: what they name must say of itself that it is read-only, while an administrator may know that of a tool which says nothing.
 */
export function keptProbe({ role }: Pick<Caller, 'role'>, wanted: Probe | null, before: Probe | null): Probe | null {
  if (wanted === null) return null;
  const { tool, arguments: values } = wanted;
  if (before?.tool === tool && isDeepStrictEqual({ ...before.arguments }, { ...values })) return before;
  return may(role, 'reach') ? { tool, arguments: values } : { tool, arguments: values, onlyIfReadOnly: true };
}
