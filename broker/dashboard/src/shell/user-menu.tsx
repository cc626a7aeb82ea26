import { Avatar, Group, Menu, Text, UnstyledButton, useMantineColorScheme, VisuallyHidden } from '@mantine/core';
import { IconChevronUp, IconKeyboard, IconLogout, IconRocket } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useSession } from '../api/session.tsx';
import { openShortcuts } from './shortcuts.tsx';
import { useSignOut } from './sign-out.ts';
import classes from './user-menu.module.css';

const SCHEMES = [
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
  { value: 'auto', label: 'As the system has it' },
] as const;

/** Who is signed in, with the way out and the choice of colours. */
export function UserMenu() {
  const { user, role, broker, may } = useSession();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { signOut, isPending } = useSignOut();
  return (
    <Menu position="top-start" width={228}>
      <Menu.Target>
        <UnstyledButton className={classes['target'] ?? ''}>
          <Group gap="sm" wrap="nowrap">
            <Avatar name={user.display_name} color="gate" radius="xl" size={32} aria-hidden />
            <div className={classes['name']}>
              <Text size="sm" fw={600} truncate>
                {user.display_name}
              </Text>
              <Text size="xs" c="dimmed" truncate>
                {role}
              </Text>
            </div>
            <VisuallyHidden>your menu</VisuallyHidden>
            <IconChevronUp size={16} aria-hidden />
          </Group>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{user.email ?? user.name}</Menu.Label>
        <Menu.RadioGroup
          aria-label="Colours"
          value={colorScheme}
          onChange={(chosen) => setColorScheme(SCHEMES.find(({ value }) => value === chosen)?.value ?? 'auto')}
        >
          {SCHEMES.map(({ value, label }) => (
            <Menu.RadioItem key={value} value={value} closeMenuOnClick={false}>
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        {may('admin') && (
          <Menu.Item
            leftSection={<IconRocket size={16} aria-hidden />}
            onClick={() => void navigate({ to: '/welcome' })}
          >
            First steps
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={openShortcuts}>
          Keyboard shortcuts
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={signOut} disabled={isPending}>
          Sign out
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>mcpgate {broker.version}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}
