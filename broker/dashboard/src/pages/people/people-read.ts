import { useQueryClient } from '@tanstack/react-query';
import { devicesApi, sessionsApi } from 'mcpgate-shared/api/devices';
import { grantsApi } from 'mcpgate-shared/api/grants';
import { groupsApi } from 'mcpgate-shared/api/groups';
import { endingApi } from 'mcpgate-shared/api/people/ending';
import { usersApi } from 'mcpgate-shared/api/users';
import { keyOf } from '../../api/use-api.ts';

/** Everything that shows people and what they have. */
export const PEOPLE_READ = [
  usersApi.list,
  usersApi.show,
  endingApi.show,
  groupsApi.list,
  devicesApi.list,
  sessionsApi.list,
  grantsApi.list,
] as const;

/**
 * Reads all of it again. A receipt does so once it is closed: until then it stands over what it is about. `later`: not what is shown now, because it
 * is of somebody who is gone, but whatever is shown next.
 */
export function useReadPeopleAgain(): (how?: { later: boolean }) => Promise<void> {
  const queries = useQueryClient();
  return async ({ later } = { later: false }) => {
    const how = later ? ({ refetchType: 'none' } as const) : {};
    await Promise.all(PEOPLE_READ.map((endpoint) => queries.invalidateQueries({ queryKey: keyOf(endpoint), ...how })));
  };
}
