import { Alert, Text } from '@mantine/core';
import type { User } from 'mcpgate-shared/api/users';

/** Before a role is changed that a configuration says. */
export function RoleManaged({ managedBy }: { managedBy: User['managed_by'] }) {
  if (managedBy === null) return null;
  return (
    <Alert color="yellow" variant="light" title={`The role stands in ${managedBy}`}>
      <Text size="sm">The next apply makes it what that says: change it there, too.</Text>
    </Alert>
  );
}
