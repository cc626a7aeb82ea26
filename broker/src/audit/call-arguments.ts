// The values in the arguments of a call, where they are kept: sealed for this call alone, apart from its rows, and bound by the row after its intent.
// So a search, an export or a stream of the log never has them; they are found by the call's id, and opened with a key of the vault.
import { z } from 'zod';
import { GateError } from 'mcpgate-shared/error';
import type { KeptArguments } from '../domain/call-record.ts';
import type { Store } from '../store/store.ts';
import type { AuditKeys } from './audit-keys.ts';
import { argumentsRow, readArguments } from './chain-rows.ts';
import type { LooseRow, RowName } from './log-rows.ts';
import { idSpan } from './record-times.ts';

const SealedSchema = z.object({ text: z.string(), bytes: z.number(), is_cut: z.boolean() });
/** As many as there may be calls of one millisecond. */
const MOST = 10_000;

export function boundArguments(
  keys: Pick<AuditKeys, 'sealArguments'>,
  workspaceId: string,
  callId: string,
  { how, text, bytes, isCut }: KeptArguments,
  name: RowName,
): LooseRow {
  const plain = Buffer.from(JSON.stringify({ text, bytes, is_cut: isCut }), 'utf8');
  return argumentsRow({ call: callId, kept: how }, keys.sealArguments(workspaceId, callId, plain), name);
}

/** Throws `not_found` for a call that the log does not have, and `internal` where something was changed in the database. */
export async function argumentsOf(
  log: Pick<Store['audit'], 'intents' | 'chain' | 'argumentsOf'>,
  keys: Pick<AuditKeys, 'openArguments'>,
  workspaceId: string,
  id: string,
): Promise<KeptArguments | 'none' | 'removed'> {
  const calls = await log.intents({ workspaceId, ...idSpan(id, {}), limit: MOST });
  const call = calls.find((each) => each.id === id);
  if (call === undefined) throw new GateError('not_found', `the log has no call ${id}`);
  const [row] = await log.chain(call.chain, call.seq + 1, 1);
  const bound = row?.kind === 'chain' ? readArguments(row) : undefined;
  if (row === undefined || bound === undefined || bound.call !== id) return 'none';
  const sealed = await log.argumentsOf(row);
  if (sealed === undefined) return 'removed';
  const plain = await keys.openArguments(workspaceId, id, sealed);
  const { text, bytes, is_cut: isCut } = SealedSchema.parse(JSON.parse(Buffer.from(plain).toString('utf8')));
  return { how: bound.kept, text, bytes, isCut };
}
