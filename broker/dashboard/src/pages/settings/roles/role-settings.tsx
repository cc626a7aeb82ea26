// Who has which role: people, administration tokens, groups of the identity provider; and what each role may do.
import { Stack } from '@mantine/core';
import { RoleHolders } from './role-holders.tsx';
import { RoleRights } from './role-rights.tsx';
import { RoleSources } from './role-sources.tsx';
import { AdminTokens } from './admin-tokens.tsx';

export function RoleSettings() {
  return (
    <Stack gap="lg">
      <RoleHolders />
      <AdminTokens />
      <RoleSources />
      <RoleRights />
    </Stack>
  );
}
