// What can be done with a person: role and groups, a new link, off-board, let in again, remove.
import { Button, Menu } from '@mantine/core';
import { IconDots, IconLink, IconLockOpen, IconTrash, IconUserEdit, IconUserOff } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { usersApi, type User, type UserLink } from 'mcpgate-shared/api/users';
import { Modal } from '@mantine/core';
import { useState } from 'react';
import { useSession } from '../../api/session.tsx';
import { useChange } from '../../api/use-api.ts';
import { useConfirm } from '../../parts/confirm.tsx';
import { toastDone } from '../../parts/toast.tsx';
import { EditPerson } from './edit-person.tsx';
import { Invitation } from './invitation.tsx';
import { OffBoard } from './off-board.tsx';
import { PEOPLE_READ } from './people-read.ts';

type Opened = 'edit' | 'disable' | 'remove' | undefined;

export function PersonActions({ user }: { user: User }) {
  const session = useSession();
  const confirm = useConfirm();
  const navigate = useNavigate();
  const [opened, setOpened] = useState<Opened>();
  const [made, setMade] = useState<UserLink>();
  const link = useChange(usersApi.link, { onDone: setMade });
  const enable = useChange(usersApi.enable, { changes: PEOPLE_READ });
  if (!session.may('admin')) return null;
  const { name, disabled } = user;
  const isSelf = session.user.name === name && session.workspace.name === session.shown;
  const letIn = (): void =>
    confirm({
      title: `Let ${name} in again?`,
      consequences: [
        `${name} may sign in again, as ${user.role}. Grants of theirs work again at once.`,
        'Each laptop must log in anew, and accounts at servers must be connected anew.',
      ],
      action: 'Let them in again',
      run: async () => {
        await enable.mutateAsync({ params: { name } });
        toastDone({ message: `${name} may come in again.`, subject: `user:${name}` });
      },
    });
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" leftSection={<IconDots size={18} aria-hidden />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {!disabled && (
            <Menu.Item
              leftSection={<IconLink size={16} aria-hidden />}
              onClick={() =>
                confirm({
                  title: `Make a link for ${name}?`,
                  consequences: [
                    'With it they set a new password, once, within three days.',
                    'A link that was made before ends. The password that they have stays good until they set another.',
                  ],
                  action: 'Make the link',
                  run: () => link.mutateAsync({ params: { name } }),
                })
              }
            >
              Make a link to set a password
            </Menu.Item>
          )}
          <Menu.Item
            color="red"
            disabled={isSelf}
            leftSection={<IconTrash size={16} aria-hidden />}
            onClick={() => setOpened('remove')}
          >
            Remove for good
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Button variant="default" leftSection={<IconUserEdit size={18} aria-hidden />} onClick={() => setOpened('edit')}>
        Role and groups
      </Button>
      {disabled ? (
        <Button leftSection={<IconLockOpen size={18} aria-hidden />} onClick={letIn}>
          Let them in again
        </Button>
      ) : (
        <Button
          color="red"
          disabled={isSelf}
          title={isSelf ? 'Nobody locks themselves out here' : undefined}
          leftSection={<IconUserOff size={18} aria-hidden />}
          onClick={() => setOpened('disable')}
        >
          Off-board
        </Button>
      )}
      <EditPerson user={user} opened={opened === 'edit'} onClose={() => setOpened(undefined)} />
      <OffBoard
        name={name}
        how={opened === 'disable' || opened === 'remove' ? opened : undefined}
        onClose={(removed) => {
          setOpened(undefined);
          if (removed) void navigate({ to: '/people' });
        }}
      />
      <Modal
        opened={made !== undefined}
        onClose={() => setMade(undefined)}
        title={`A link for ${name}`}
        size="lg"
        closeOnClickOutside={false}
      >
        {made !== undefined && <Invitation link={made} onClose={() => setMade(undefined)} />}
      </Modal>
    </>
  );
}
