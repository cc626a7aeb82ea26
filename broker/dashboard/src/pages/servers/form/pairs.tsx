// Names and values of a server: its headers or its variables.
import { Group, Stack, Text, TextInput } from '@mantine/core';
import { AddRow, TakeOut } from './rows.tsx';

export interface Pair {
  name: string;
  value: string;
}

export const asRecord = (pairs: readonly Pair[]): Record<string, string> =>
  Object.fromEntries(pairs.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]));

interface PairsProps {
  label: string;
  example: string;
  /** What may stand in a value. */
  hint: string;
  pairs: readonly Pair[];
  onChange: (pairs: readonly Pair[]) => void;
}

export function Pairs({ label, example, hint, pairs, onChange }: PairsProps) {
  const set = (at: number, change: Partial<Pair>): void =>
    onChange(pairs.map((pair, index) => (index === at ? { ...pair, ...change } : pair)));
  return (
    <Stack gap="xs" role="group" aria-label={label}>
      <div>
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <Text size="xs" c="dimmed">
          {hint}
        </Text>
      </div>
      {pairs.map(({ name, value }, at) => (
        <Group key={at} gap="xs" wrap="nowrap">
          <TextInput
            flex={2}
            aria-label={`Name ${at + 1}`}
            placeholder={example}
            value={name}
            autoComplete="off"
            onChange={({ currentTarget }) => set(at, { name: currentTarget.value })}
          />
          <TextInput
            flex={3}
            aria-label={`Value ${at + 1}`}
            value={value}
            autoComplete="off"
            spellCheck={false}
            onChange={({ currentTarget }) => set(at, { value: currentTarget.value })}
          />
          <TakeOut
            what={name === '' ? 'this one' : name}
            onTake={() => onChange(pairs.filter((_, index) => index !== at))}
          />
        </Group>
      ))}
      <AddRow label="Add one" onAdd={() => onChange([...pairs, { name: '', value: '' }])} />
    </Stack>
  );
}
