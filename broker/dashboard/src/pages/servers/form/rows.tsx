// The ends of a list of fields in the form of a server: one row is taken out, another one is added.
import { ActionIcon, Button } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';

/** `what`: is heard, as in “Take API_KEY out”. */
export function TakeOut({ what, disabled = false, onTake }: { what: string; disabled?: boolean; onTake: () => void }) {
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={`Take ${what} out`} disabled={disabled} onClick={onTake}>
      <IconX size={16} aria-hidden />
    </ActionIcon>
  );
}

export function AddRow({ label, onAdd }: { label: string; onAdd: () => void }) {
  return (
    <div>
      <Button size="compact-sm" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={onAdd}>
        {label}
      </Button>
    </div>
  );
}
