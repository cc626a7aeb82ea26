import { Select } from '@mantine/core';
import { IconBuilding } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useSession } from '../api/session.tsx';

/** Shows another workspace, to those who may enter others. The choice is part of the address, so that a link shows what was shown. */
export function WorkspaceSwitch() {
  const { workspaces, shown, workspace } = useSession();
  const navigate = useNavigate();
  return (
    <Select
      aria-label="Workspace"
      size="sm"
      leftSection={<IconBuilding size={16} aria-hidden />}
      data={workspaces.map(({ name }) => name)}
      value={shown}
      allowDeselect={false}
      searchable={workspaces.length > 8}
      onChange={(chosen) =>
        void navigate({
          to: '/',
          search: { workspace: chosen === null || chosen === workspace.name ? undefined : chosen },
        })
      }
    />
  );
}
