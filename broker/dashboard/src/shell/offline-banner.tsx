import { Alert } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useHealth } from '../api/health.tsx';

/** Says that what is shown may be old, as long as the broker cannot be reached. It goes by itself. */
export function OfflineBanner() {
  const { reachable } = useHealth();
  return (
    <div role="status">
      {!reachable && (
        <Alert color="yellow" mb="md" title="The broker cannot be reached" icon={<IconPlugConnectedX aria-hidden />}>
          What you see may be old. It is tried again all the time, and this goes away by itself.
        </Alert>
      )}
    </div>
  );
}
