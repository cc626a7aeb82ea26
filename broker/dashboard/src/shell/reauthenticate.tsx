// Asks a person to show anew who they are, where the broker demands it before a change, and lets the change go on: nothing has to be typed twice.
import { Button, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { sessionApi } from 'mcpgate-shared/api/session';
import { signInApi } from 'mcpgate-shared/api/sign-in/sign-in-api';
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { call } from '../api/call.ts';
import { Problem } from '../api/problem.ts';
import { ProofContext } from '../api/proof.ts';
import { useSession } from '../api/session.tsx';
import { keyOf } from '../api/use-api.ts';
import { ProblemAlert } from '../parts/problem-view.tsx';

/** The page without a script that knows every way, at the company's provider too; it leads to the page that closes its window. */
const PAGE = `/reauthenticate?${new URLSearchParams({ go_to: '/signed-in' }).toString()}`;

export function Reauthenticate({ children }: { children: ReactNode }) {
  const [opened, setOpened] = useState(false);
  const answer = useRef<(shown: boolean) => void>(() => undefined);
  const prove = useCallback(
    () =>
      new Promise<boolean>((resolve) => {
        answer.current = resolve;
        setOpened(true);
      }),
    [],
  );
  const end = (shown: boolean): void => {
    setOpened(false);
    answer.current(shown);
  };
  return (
    <ProofContext value={prove}>
      {children}
      <Modal opened={opened} onClose={() => end(false)} title="Show that it is you" zIndex={400}>
        {opened && <Ways onShown={() => end(true)} />}
      </Modal>
    </ProofContext>
  );
}

function Ways({ onShown }: { onShown: () => void }) {
  const { caller, user, authenticated_at: before, can_reauthenticate_by: ways } = useSession();
  const queries = useQueryClient();
  const [password, setPassword] = useState('');
  const shown = async (): Promise<void> => {
    await queries.invalidateQueries({ queryKey: keyOf(sessionApi.show) });
    onShown();
  };
  const byPassword = useMutation({
    mutationFn: () => call(caller, signInApi.reauthenticate, { body: { password } }),
    onSuccess: shown,
  });
  const byPasskey = useMutation({
    async mutationFn() {
      const options = await call(caller, signInApi.reauthenticationOptions, {});
      // The broker writes them in the form that the browser reads.
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
        options as unknown as PublicKeyCredentialRequestOptionsJSON,
      );
      const credential = await navigator.credentials.get({ publicKey });
      if (!(credential instanceof PublicKeyCredential)) throw new Problem('refused', 'The browser gave no passkey.');
      const passkey: Record<string, unknown> = { ...credential.toJSON() };
      return await call(caller, signInApi.reauthenticate, { body: { passkey } });
    },
    onSuccess: shown,
  });

  // Back from the page in a second window.
  useEffect(() => {
    const look = async (): Promise<void> => {
      const session = await call(caller, sessionApi.show, {});
      if (session.authenticated_at === before) return;
      queries.setQueryData(keyOf(sessionApi.show), session);
      onShown();
    };
    // What goes wrong here the shell says; the dialog stays.
    const onFocus = () => void look().catch(() => queries.invalidateQueries({ queryKey: keyOf(sessionApi.show) }));
    window.addEventListener('focus', onFocus);
    return () => window.removeEventListener('focus', onFocus);
  }, [caller, before, queries, onShown]);

  return (
    <Stack>
      <Text size="sm">
        This changes what others rely on, so it is asked for once more. What you were about to do goes on afterwards.
      </Text>
      {ways.includes('passkey') && (
        <Button onClick={() => byPasskey.mutate()} loading={byPasskey.isPending} data-autofocus>
          Use a passkey
        </Button>
      )}
      {ways.includes('password') && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            byPassword.mutate();
          }}
        >
          <Stack>
            <input type="text" name="username" value={user.name} autoComplete="username" readOnly hidden />
            <PasswordInput
              label="Password"
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              {...(!ways.includes('passkey') && { 'data-autofocus': true })}
            />
            <Button
              type="submit"
              variant={ways.includes('passkey') ? 'default' : 'filled'}
              disabled={password === ''}
              loading={byPassword.isPending}
            >
              Go on
            </Button>
          </Stack>
        </form>
      )}
      {(ways.includes('idp') || ways.length === 0) && (
        <Button variant="default" onClick={() => window.open(PAGE)}>
          Show it in a second window
        </Button>
      )}
      <ProblemAlert problem={byPassword.error ?? byPasskey.error} />
    </Stack>
  );
}
