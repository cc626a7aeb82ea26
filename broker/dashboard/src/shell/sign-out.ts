import { useMutation } from '@tanstack/react-query';
import { sessionApi } from 'mcpgate-shared/api/session';
import { call } from '../api/call.ts';
import { useSession } from '../api/session.tsx';

/** Ends the session here, then at the company's provider where it began there. */
export function useSignOut(): { signOut: () => void; isPending: boolean } {
  const { caller } = useSession();
  const { mutate, isPending } = useMutation({
    mutationFn: () => call(caller, sessionApi.end, {}),
    onSuccess: ({ continue_at: continueAt }) => location.assign(continueAt ?? '/login'),
  });
  return { signOut: mutate, isPending };
}
