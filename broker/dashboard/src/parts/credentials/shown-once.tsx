import { Alert, Text } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import type { ReactNode } from 'react';

/** Above what the broker cannot show a second time. `what`: `token`; `children`: what to do with it. */
export function ShownOnce({ what, children }: { what: string; children: ReactNode }) {
  return (
    <Alert color="yellow" variant="light" icon={<IconEye aria-hidden />} title={`This ${what} is shown once`}>
      <Text size="sm">{children}</Text>
    </Alert>
  );
}
