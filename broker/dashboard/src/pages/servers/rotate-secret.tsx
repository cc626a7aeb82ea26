// Rotate: paste the new value, and it is probed, switched to and, if wanted, the old one proven dead; each step is shown as it is done. The value goes up
// once and never comes back.
import { Alert, Button, Checkbox, Drawer, Group, NumberInput, PasswordInput, Stack, Text } from '@mantine/core';
import { secretsApi, type RotatedSecret, type Secret } from 'mcpgate-shared/api/secrets';
import { serversApi } from 'mcpgate-shared/api/servers';
import { useState } from 'react';
import { useApi, useChange } from '../../api/use-api.ts';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { Steps } from '../../parts/steps.tsx';
import { toastDone } from '../../parts/toast.tsx';
import { toSteps } from './secret-steps.ts';
import { FormEnd } from '../../parts/forms/form-end.tsx';

const DAY_MS = 86_400_000;

export function RotateSecret({ secret, onClose }: { secret: Secret | undefined; onClose: () => void }) {
  return (
    <Drawer opened={secret !== undefined} onClose={onClose} title={`Rotate ${secret?.name ?? ''}`}>
      {secret !== undefined && <Rotation key={secret.name} secret={secret} onClose={onClose} />}
    </Drawer>
  );
}

function Rotation({ secret: { name, servers, version }, onClose }: { secret: Secret; onClose: () => void }) {
  const [value, setValue] = useState('');
  const [days, setDays] = useState<number | string>('');
  const [provesDead, setProvesDead] = useState(true);
  const [result, setResult] = useState<RotatedSecret>();
  const rotate = useChange(secretsApi.rotate, {
    changes: [secretsApi.list, secretsApi.history, serversApi.list],
    onDone(answer) {
      setResult(answer);
      setValue('');
      if (answer.rotated)
        toastDone({ message: `${name} is rotated: version ${answer.version} is in use.`, subject: `secret:${name}` });
    },
  });
  // Read again with each event of the rotation.
  const under = useApi(secretsApi.rotation, { params: { name } }, { enabled: rotate.isPending });
  const rollback = useChange(secretsApi.rollback, {
    changes: [secretsApi.list, secretsApi.history],
    onDone: (answer) =>
      toastDone({ message: `${name} is rolled back: version ${answer.version} is in use.`, subject: `secret:${name}` }),
  });

  if (rotate.isPending || result !== undefined) {
    const steps = result?.steps ?? under.data?.steps ?? [];
    return (
      <Stack>
        <Steps label={`The rotation of ${name}`} steps={toSteps(steps)} isRunning={rotate.isPending} />
        {result !== undefined && <Outcome result={result} />}
        <ProblemAlert problem={rollback.error} />
        {rollback.data !== undefined && (
          <Steps label="The way back" steps={toSteps(rollback.data.steps)} isRunning={false} />
        )}
        {result !== undefined && (
          <Group justify="flex-end">
            {result.rotated && rollback.data === undefined && (
              <Button
                variant="default"
                loading={rollback.isPending}
                onClick={() => rollback.mutate({ params: { name }, body: {} })}
              >
                Roll back to version {version}
              </Button>
            )}
            {!result.rotated && (
              <Button variant="default" onClick={() => setResult(undefined)}>
                Try another value
              </Button>
            )}
            <Button onClick={onClose} data-autofocus>
              Done
            </Button>
          </Group>
        )}
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const expiry =
          typeof days === 'number' ? { expires_at: new Date(Date.now() + days * DAY_MS).toISOString() } : {};
        rotate.mutate({ params: { name }, body: { value, prove_dead: provesDead, ...expiry } });
      }}
    >
      <Stack>
        <Text size="sm">
          The new value is tried at {servers.length === 0 ? 'no server, as none uses it' : servers.join(', ')} before
          anything uses it. Where a try fails, all stays as it is. Calls under way end with the old one.
        </Text>
        <PasswordInput
          label="The new value"
          description="It goes into the vault and is never shown again."
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          autoComplete="off"
          required
          data-autofocus
        />
        <NumberInput
          label="Days until its service takes it no more"
          description="If you know: you are warned before."
          value={days}
          onChange={setDays}
          min={1}
          max={3650}
          allowDecimal={false}
        />
        <Checkbox
          label="Then prove that the old value is dead"
          description="Each server is called with it once, and should refuse it. End it at its service first."
          checked={provesDead}
          onChange={(event) => setProvesDead(event.currentTarget.checked)}
        />
        <ProblemAlert problem={rotate.error} />
        <FormEnd action="Rotate it" onClose={onClose} leave="Keep the old one" disabled={value === ''} />
      </Stack>
    </form>
  );
}

function Outcome({ result: { rotated, verified, old_refused: refused, version } }: { result: RotatedSecret }) {
  if (!rotated)
    return (
      <Alert color="red" title="It was not rotated" role="status">
        A server did not take the new value, which was thrown away. All is as it was.
      </Alert>
    );
  const [color, tried] =
    verified === true
      ? (['teal', 'Every server that uses it has answered with it.'] as const)
      : (['yellow', 'Whether the servers take it is not known: give them a probe to know it next time.'] as const);
  const old =
    refused === true
      ? ' The old value is refused everywhere: it is dead.'
      : refused === false
        ? ' The old value is still taken somewhere: end it at its service.'
        : '';
  return (
    <Alert color={refused === false ? 'yellow' : color} title={`Version ${version} is in use`} role="status">
      {tried}
      {old}
    </Alert>
  );
}
