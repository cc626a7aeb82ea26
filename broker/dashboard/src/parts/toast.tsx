// A short word that something is done, with the way to its entry in the log. What failed is shown where the person looks, not here.
import { Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconCheck } from '@tabler/icons-react';
import { PathLink } from './links.tsx';

export interface Done {
  /** What happened, in the past: "The server github was removed." */
  message: string;
  /** The subject of its event, as `server:github`: the toast leads to it in the log. */
  subject?: string;
}

/** The address of what the log has about `subject`. */
export const logPath = (subject: string): string => `/log?${new URLSearchParams({ subject }).toString()}`;

export function toastDone({ message, subject }: Done): void {
  notifications.show({
    message: (
      <Text size="sm">
        {message}{' '}
        {subject !== undefined && (
          <PathLink path={logPath(subject)} inText>
            In the log
          </PathLink>
        )}
      </Text>
    ),
    icon: <IconCheck size={18} aria-hidden />,
    color: 'teal',
    autoClose: 7_000,
  });
}
