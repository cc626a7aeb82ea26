// What went through this broker in the last hours.
import { activityApi } from 'mcpgate-shared/api/dashboard/activity';
import type { AdminDependencies } from '../dependencies.ts';
import { operation, type Operation } from '../operation.ts';

export function activityOperations({ activity }: Pick<AdminDependencies, 'activity'>): Operation[] {
  return [operation(activityApi.get, ({ query }, { workspaceId }) => Promise.resolve(activity.of(workspaceId, query)))];
}
