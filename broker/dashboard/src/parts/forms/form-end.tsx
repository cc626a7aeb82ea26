// The end of a form in a dialog: the way out of it, and what it does.
import { Button, Group } from '@mantine/core';

export interface FormEndProps {
  /** What the button says that does it. */
  action: string;
  onClose: () => void;
  /** What the button says that leaves everything as it is. */
  leave?: string;
  isPending?: boolean;
  disabled?: boolean;
  /** It takes something away. */
  isEnd?: boolean;
}

export function FormEnd({ action, onClose, leave = 'Cancel', isPending, disabled, isEnd = false }: FormEndProps) {
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onClose}>
        {leave}
      </Button>
      <Button
        type="submit"
        {...(isEnd && { color: 'red' })}
        {...(disabled !== undefined && { disabled })}
        {...(isPending !== undefined && { loading: isPending })}
      >
        {action}
      </Button>
    </Group>
  );
}
