// The master key, which is of all workspaces.
import { keysApi, type MasterKey } from 'mcpgate-shared/api/keys';
import { GateError } from 'mcpgate-shared/error';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import type { MasterKeyView } from '../vault/key-rotation.ts';
import type { AdminDependencies } from './dependencies.ts';
import { isoTime } from './iso-time.ts';
import { operation, type Caller, type Operation } from './operation.ts';

function assertAtHome({ homeWorkspaceId }: Caller): void {
  if (homeWorkspaceId === DEFAULT_WORKSPACE) return;
  throw new GateError('forbidden', `the master key is seen to by administrators of the workspace ${DEFAULT_WORKSPACE}`);
}

export function keyOperations({ keys }: Pick<AdminDependencies, 'keys'>): Operation[] {
  return [
    operation(keysApi.status, async (_input, caller) => {
      assertAtHome(caller);
      return toMasterKey(await keys.status());
    }),
    operation(keysApi.rotate, async ({ body }, caller) => {
      assertAtHome(caller);
      const { new_key_file: newKeyFile, start_over: startOver = false } = body;
      try {
        await keys.begin({ newKeyFile, startOver, by: caller.actor });
      } catch (error) {
        // Whoever is not on the host must not learn from it which files there are.
        const isRemote = caller.credential.kind !== 'socket';
        if (!isRemote || newKeyFile === undefined || !(error instanceof GateError) || error.code !== 'config')
          throw error;
        const text = `${newKeyFile} holds no master key that can be used; ask on the broker's host, which says why`;
        throw new GateError('config', text, { cause: error });
      }
      return toMasterKey(await keys.status());
    }),
  ];
}

function toMasterKey({ id, createdAt, file, dataKeys, rotation, problem }: MasterKeyView): MasterKey {
  return {
    id,
    created_at: isoTime(createdAt),
    file,
    data_keys: dataKeys,
    rotation: rotation && {
      id: rotation.id,
      begun_at: isoTime(rotation.begunAt),
      begun_by: rotation.begunBy,
      rewrapped: rotation.rewrapped,
      waits_for: rotation.waitsFor,
    },
    problem,
  };
}
