// The keys: the master key that seals all that is secret, and those that sign what servers are told of people. How old they are, and their rotation.
import { Stack } from '@mantine/core';
import { keysApi } from 'mcpgate-shared/api/keys';
import { useApi } from '../../../api/use-api.ts';
import { Loaded } from '../../../parts/loaded.tsx';
import { MasterKeySection } from './master-key.tsx';
import { SigningKeysSection } from './signing-keys.tsx';

export function KeySettings() {
  const master = useApi(keysApi.status, {});
  const signing = useApi(keysApi.signing, {});
  return (
    <Stack gap="lg">
      <Loaded query={master}>{(key) => <MasterKeySection masterKey={key} />}</Loaded>
      <Loaded query={signing}>{(keys) => <SigningKeysSection keys={keys} />}</Loaded>
    </Stack>
  );
}
