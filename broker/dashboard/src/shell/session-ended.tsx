// The session has ended while a page was open: one signs in again in a second window and stays here, with everything that was typed.
import { Button, Modal, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { sessionApi } from 'mcpgate-shared/api/session';
import { useEffect, useState } from 'react';
import { call } from '../api/call.ts';
import { useHealth, useHealthStore } from '../api/health.tsx';
import { toProblem, type Problem } from '../api/problem.ts';
import { useSession } from '../api/session.tsx';
import { keyOf } from '../api/use-api.ts';
import { ProblemAlert } from '../parts/problem-view.tsx';
import { signInPath } from './sign-in-path.ts';

export function SessionEnded() {
  const { signedIn } = useHealth();
  const health = useHealthStore();
  const queries = useQueryClient();
  const { user } = useSession();
  const [problem, setProblem] = useState<Problem>();

  useEffect(() => {
    if (signedIn) return undefined;
    /** Asks again whenever this window is looked at: the person comes back from the sign-in. */
    const look = async (): Promise<void> => {
      try {
        const session = await call({ csrfToken: '', workspace: undefined }, sessionApi.show, {});
        // Somebody else has signed in: nothing of the first person may stay on the page.
        if (session.user.id !== user.id) return location.reload();
        queries.setQueryData(keyOf(sessionApi.show), session);
        setProblem(undefined);
        health.set({ signedIn: true });
        await queries.invalidateQueries();
      } catch (thrown) {
        const now = toProblem(thrown);
        setProblem(now.kind === 'unauthenticated' ? undefined : now);
      }
    };
    const onFocus = () => void look();
    window.addEventListener('focus', onFocus);
    return () => window.removeEventListener('focus', onFocus);
  }, [signedIn, health, queries, user.id]);

  return (
    <Modal
      opened={!signedIn}
      onClose={() => undefined}
      withCloseButton={false}
      title="You are signed out"
      closeOnEscape={false}
    >
      <Stack>
        <Text size="sm">
          Your session has ended. Sign in again in a second window and come back: this page stays as it is, with
          everything that you typed.
        </Text>
        <ProblemAlert problem={problem} />
        <Button data-autofocus onClick={() => window.open(signInPath('/signed-in'))}>
          Sign in
        </Button>
      </Stack>
    </Modal>
  );
}
