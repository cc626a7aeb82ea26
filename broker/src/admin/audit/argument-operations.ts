// The values in the arguments of a call, where the record of its server has the log keep them. Each reading is an event of the log, before the answer.
import { auditApi, type ShownArguments } from 'mcpgate-shared/api/audit';
import { GateError } from 'mcpgate-shared/error';
import { secretReference } from 'mcpgate-shared/values/secret-reference';
import { readCarriedVersion } from '../../domain/call-record.ts';
import { serverCalled } from '../../domain/server-record.ts';
import { secretNamesOfRecord } from '../../domain/transports/transport-texts.ts';
import { createSecretMask } from '../../upstreams/secrets/secret-mask.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { eventBy, operation, type Operation } from '../operation.ts';
import { recordOf } from './audit-stories.ts';

type Needs = Pick<AdminDependencies, 'audit' | 'store' | 'clock' | 'vault'>;

export function argumentOperations(needs: Needs): Operation[] {
  const { audit } = needs;
  return [
    operation(auditApi.arguments, async ({ params: { id } }, caller): Promise<ShownArguments> => {
      const { workspaceId } = caller;
      await audit.flush();
      const one = await recordOf(needs, workspaceId, id);
      if (one.kind === 'event') throw new GateError('not_found', `${id} is no call: only calls have arguments`);
      const call = one.record;
      const found = await audit.argumentsOf(workspaceId, call.id);
      const kept = typeof found === 'string' ? found : found.how;
      await audit.event(
        eventBy(caller, {
          type: 'audit.arguments_shown',
          subject: `call:${call.id}`,
          data: {
            server: call.server,
            tool: call.tool_name,
            who: call.member ?? `grant:${call.credential_label}`,
            kept,
          },
        }),
      );
      const nothing = { id: call.id, keys: [...call.arg_keys], digest: call.args_digest };
      if (typeof found === 'string') return { ...nothing, kept: found, text: null, bytes: null, cut: false };
      const { text, bytes, isCut: cut } = found;
      const mask = createSecretMask(await secretsAround(needs, workspaceId, call));
      return { ...nothing, kept: found.how, text: mask.text(text), bytes, cut };
    }),
  ];
}

/**
 * The values of secrets that the call was carried out with, and of those of its server's record, as they are now. Rejects where one cannot be read: what is
 * not known could not be masked.
 */
async function secretsAround(
  { store, vault }: Needs,
  workspaceId: string,
  call: { server: string; secret_versions: readonly string[] },
): Promise<string[]> {
  const server = serverCalled(await store.servers.list(workspaceId), call.server);
  const carried = call.secret_versions.map((version) => readCarriedVersion(version).name);
  const names = new Set([...carried, ...(server === undefined ? [] : secretNamesOfRecord(server))]);
  const there = new Set((await vault.list(workspaceId)).map(({ name }) => name));
  const wanted = [...names].filter((name) => there.has(name));
  return await Promise.all(wanted.map(async (name) => (await vault.resolve(workspaceId, secretReference(name))).value));
}
