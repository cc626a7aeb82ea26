// The keys that each person enters for themselves at a server, as its record names them.
import { Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { AccountFormSchema, type AccountFormBody } from 'mcpgate-shared/api/accounts/account-forms';
import { AddRow, TakeOut } from './rows.tsx';
import classes from './form.module.css';

export interface AccountKey {
  name: string;
  label: string;
  help: string;
  secret: boolean;
}

export const NEW_KEY: AccountKey = { name: '', label: '', help: '', secret: true };

export type ReadKeys =
  { kind: 'read'; account: AccountFormBody } | { kind: 'mistakes'; at: ReadonlyMap<string, string> };

/** The account that the keys make; or what is wrong, by row and field, as `0.name`. What is not written yet is not wrong, and makes no account. */
export function readKeys(keys: readonly AccountKey[]): ReadKeys {
  const fields = keys.map(({ help, ...key }) => ({ ...key, ...(help.trim() !== '' && { help }) }));
  const parsed = AccountFormSchema.safeParse({ kind: 'keys', fields });
  const twice = keys.findIndex(({ name }, at) => name !== '' && keys.findIndex((each) => each.name === name) < at);
  if (parsed.success && twice === -1) return { kind: 'read', account: parsed.data };
  const issues = (parsed.error?.issues ?? []).map(({ path, message }) => [path.slice(1).join('.'), message] as const);
  const at = new Map([...issues, ...(twice === -1 ? [] : [[`${twice}.name`, 'this name is there already'] as const])]);
  for (const [index, key] of keys.entries())
    for (const field of ['name', 'label'] as const) if (key[field] === '') at.delete(`${index}.${field}`);
  return { kind: 'mistakes', at };
}

interface AccountKeysProps {
  keys: readonly AccountKey[];
  mistakes: ReadonlyMap<string, string>;
  onChange: (keys: readonly AccountKey[]) => void;
}

export function AccountKeys({ keys, mistakes, onChange }: AccountKeysProps) {
  const set = (at: number, change: Partial<AccountKey>): void =>
    onChange(keys.map((key, index) => (index === at ? { ...key, ...change } : key)));
  return (
    <Stack gap="xs" role="group" aria-label="Keys">
      <div>
        <Text size="sm" fw={600}>
          Keys
        </Text>
        <Text size="xs" c="dimmed">
          What each person enters at My account, sealed in the vault. {'${account:NAME}'} stands for it below.
        </Text>
      </div>
      {keys.map(({ name, label, help, secret }, at) => (
        <div key={at} className={classes['key']}>
          <TextInput
            aria-label={`Key ${at + 1}`}
            placeholder="JIRA_TOKEN"
            value={name}
            error={mistakes.get(`${at}.name`)}
            autoComplete="off"
            spellCheck={false}
            onChange={({ currentTarget }) => set(at, { name: currentTarget.value.trim() })}
          />
          <TextInput
            aria-label={`What the form calls key ${at + 1}`}
            placeholder="API token"
            value={label}
            error={mistakes.get(`${at}.label`)}
            autoComplete="off"
            onChange={({ currentTarget }) => set(at, { label: currentTarget.value })}
          />
          <TextInput
            aria-label={`Where one gets key ${at + 1}`}
            placeholder="Where one gets it"
            value={help}
            error={mistakes.get(`${at}.help`)}
            autoComplete="off"
            onChange={({ currentTarget }) => set(at, { help: currentTarget.value })}
          />
          <Group gap="xs" wrap="nowrap" justify="space-between" className={classes['end'] ?? ''}>
            <Checkbox
              size="sm"
              label="Secret"
              aria-label={`Key ${at + 1} is secret`}
              checked={secret}
              onChange={({ currentTarget }) => set(at, { secret: currentTarget.checked })}
            />
            <TakeOut
              what={name === '' ? 'this key' : name}
              disabled={keys.length === 1}
              onTake={() => onChange(keys.filter((_, index) => index !== at))}
            />
          </Group>
        </div>
      ))}
      <AddRow label="Add a key" onAdd={() => onChange([...keys, NEW_KEY])} />
    </Stack>
  );
}
