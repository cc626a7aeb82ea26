// The ends of single things of a person: a device, a sign-in, a grant. Each asks first, and shows its receipt.
import { devicesApi, sessionsApi, type Device, type Session } from 'mcpgate-shared/api/devices';
import type { Receipt } from 'mcpgate-shared/api/fields';
import { grantsApi, type Grant } from 'mcpgate-shared/api/grants';
import { useChange } from '../../../api/use-api.ts';
import { browserName } from '../../../parts/browser-name.ts';
import { EndButton } from '../../../parts/confirm.tsx';
import { useShowReceipt } from './receipts.tsx';

interface EndProps {
  /** "Revoke ada's laptop", for people who hear the page read. */
  label: string;
  word: string;
  title: string;
  consequences: readonly string[];
  action: string;
  run: () => Promise<Receipt>;
  receiptTitle: string;
}

function EndWithReceipt({ label, word, receiptTitle, run, ...question }: EndProps) {
  const show = useShowReceipt();
  return (
    <EndButton
      label={label}
      question={{ ...question, run: async () => show({ title: receiptTitle, receipt: await run() }) }}
    >
      {word}
    </EndButton>
  );
}

export function RevokeDevice({ device: { id, name, user } }: { device: Device }) {
  const revoke = useChange(devicesApi.revoke);
  return (
    <EndWithReceipt
      label={`Revoke ${name} of ${user}`}
      word="Revoke"
      title={`Revoke ${name} of ${user}?`}
      consequences={[
        'Its links close and its calls are cancelled at once; its AI clients lose every tool.',
        `To use it again, ${user} must run mcpgate login there.`,
      ]}
      action="Revoke the device"
      run={() => revoke.mutateAsync({ params: { id } })}
      receiptTitle={`${name} has no access any more`}
    />
  );
}

export function EndSession({ session }: { session: Session }) {
  const end = useChange(sessionsApi.end);
  const name = session.kind === 'web' ? browserName(session.label) : session.label;
  return (
    <EndWithReceipt
      label={`End ${name} of ${session.user}`}
      word="End"
      title={`End the sign-in of ${session.user} on ${name}?`}
      consequences={[
        'What runs over it is cut at once.',
        session.kind === 'device'
          ? 'The device stays known, and may log in again.'
          : `${session.user} may sign in again.`,
      ]}
      action="End the sign-in"
      run={() => end.mutateAsync({ params: { id: session.id } })}
      receiptTitle={`The sign-in on ${name} has ended`}
    />
  );
}

export function RevokeGrant({ grant: { id, label, servers } }: { grant: Grant }) {
  const revoke = useChange(grantsApi.revoke);
  return (
    <EndWithReceipt
      label={`Revoke the grant ${label}`}
      word="Revoke"
      title={`Revoke the grant ${label}?`}
      consequences={[
        `Whatever uses it loses ${servers.join(', ')} at once, and its calls are cancelled.`,
        'Its token never works again. A new grant has a new one.',
      ]}
      action="Revoke the grant"
      run={() => revoke.mutateAsync({ params: { id } })}
      receiptTitle={`The grant ${label} has ended`}
    />
  );
}
