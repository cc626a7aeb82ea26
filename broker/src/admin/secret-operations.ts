// The operations on secrets: list, set, remove. No operation returns a secret's value.
import { secretsApi, type Secret } from 'mcpgate-shared/api/secrets';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { fillTransport } from 'mcpgate-shared/values/fill-values';
import type { ServerRecord } from '../domain/server-record.ts';
import { DEFAULT_WORKSPACE, inWorkspace } from '../domain/workspace.ts';
import { secretNamesOfRecord } from '../domain/transports/transport-texts.ts';
import type { AdminDependencies } from './dependencies.ts';
import { isoTime, isoTimeOrNull } from './iso-time.ts';
import { operation, type Operation } from './operation.ts';

export function secretOperations({
  vault,
  store,
  audit,
  secretsOfConfiguration,
}: Pick<AdminDependencies, 'vault' | 'store' | 'audit' | 'secretsOfConfiguration'>): Operation[] {
  const list = async (workspaceId: string): Promise<Secret[]> => {
    const servers = (await store.servers.list(workspaceId)).map((server) => ({
      name: server.name,
      secrets: secretNamesOfRecord(server),
    }));
    return (await vault.list(workspaceId)).map((secret) => ({
      name: secret.name,
      version: secret.version,
      source: secret.source,
      created_at: isoTime(secret.createdAt),
      last_used_at: isoTimeOrNull(secret.lastUsedAt),
      servers: servers.filter((server) => server.secrets.includes(secret.name)).map((server) => server.name),
    }));
  };
  return [
    operation(secretsApi.list, async (_input, { workspaceId }) => await list(workspaceId)),
    operation(secretsApi.set, async ({ params: { name }, body }, { workspaceId, actor }) => {
      const version = await vault.set(workspaceId, name, body.value, 'set');
      await audit.event({
        workspace_id: workspaceId,
        type: 'secret.set',
        actor: actor.name,
        subject: `secret:${name}`,
        address: actor.address,
        data: { version },
      });
      const secret = (await list(workspaceId)).find((entry) => entry.name === name);
      if (secret === undefined)
        throw new GateError('conflict', `secret ${name} was removed while it was being set; set it again`);
      const servers = await store.servers.list(workspaceId);
      return { ...secret, unfit: servers.flatMap((server) => unfitFor(server, name, body.value)) };
    }),
    operation(secretsApi.remove, async ({ params: { name } }, { workspaceId, actor }) => {
      const secret = (await list(workspaceId)).find((entry) => entry.name === name);
      const none = `there is no secret ${name}; \`secret list${inWorkspace(workspaceId)}\` shows them`;
      if (secret === undefined) throw new GateError('not_found', none);
      const users = [
        ...secret.servers.map((server) => `the server ${server}`),
        ...(workspaceId === DEFAULT_WORKSPACE && secretsOfConfiguration.includes(name) ? ['the configuration'] : []),
      ];
      if (users.length > 0)
        throw new GateError(
          'conflict',
          `secret ${name} is in use by ${users.join(', ')}: change or remove these first; nothing was removed`,
        );
      if (!(await vault.remove(workspaceId, name))) throw new GateError('not_found', none);
      await audit.event({
        workspace_id: workspaceId,
        type: 'secret.removed',
        actor: actor.name,
        subject: `secret:${name}`,
        address: actor.address,
        data: { version: secret.version },
      });
      return secret;
    }),
  ];
}

/** Why a server's record cannot use this value: where it refers to the secret, such a value is not possible. */
function unfitFor(server: ServerRecord, name: string, value: string): { server: string; why: string }[] {
  try {
    fillTransport(server.transport, (each) => (each === name ? { value, imported: false } : undefined));
    return [];
  } catch (error) {
    const { code, message } = toGateError(error);
    if (code !== 'config') throw error;
    return [{ server: server.name, why: message }];
  }
}
