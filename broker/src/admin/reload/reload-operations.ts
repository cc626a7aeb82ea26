// The reload of the configuration, by administrators of the first workspace.
import { reloadApi } from 'mcpgate-shared/api/reload/reload';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { assertAtHome, operation, type Operation } from '../operation.ts';

export function reloadOperations({ reload }: Pick<AdminDependencies, 'reload'>): Operation[] {
  return [
    operation(reloadApi.reload, async (_input, caller) => {
      assertAtHome(caller, `administrators of the workspace ${DEFAULT_WORKSPACE} reload the configuration`);
      return await reload.run(caller.actor);
    }),
  ];
}
