// What a call was: who, with what, where, how it ended. Never its answer, which the log does not hold.
import { Code, Group } from '@mantine/core';
import type { Call } from 'mcpgate-shared/api/audit';
import { useSession } from '../../../api/session.tsx';
import { Facts } from '../../../parts/facts.tsx';
import { msText } from '../../../parts/figures.ts';
import { AnchorLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { Moment } from '../../../parts/time.tsx';
import { clientOf, STATUS_WORDS, whoOf } from '../record-words.ts';
import { KeptArguments } from './kept-arguments.tsx';

const bytes = (count: number): string =>
  count < 1_024
    ? `${count} bytes`
    : count < 1_048_576
      ? `${(count / 1_024).toFixed(1)} KiB`
      : `${(count / 1_048_576).toFixed(1)} MiB`;

const RETRIES: Readonly<Record<NonNullable<Call['retry_reason']>, string>> = {
  never_sent: 'it had never been sent',
  unauthorized: 'the server refused the account, which was renewed',
  session_lost: 'the server had lost its session',
  read_only: 'the tool only reads',
  idempotent: 'doing it twice is the same as once',
};

export function CallFacts({ call }: { call: Call }) {
  const { may } = useSession();
  const { user, ...how } = { user: whoOf(call), client: clientOf(call) };
  const { session_id: session, tool_name: tool, secret_versions: secrets } = call;
  return (
    <Section title="The call">
      <Facts
        facts={[
          ['When', <Moment key="at" at={call.ts} />],
          [
            'Who',
            <AnchorLink key="who" to="/log" search={{ user }} size="sm">
              {user}
            </AnchorLink>,
          ],
          ['Signed in with', `${call.credential_kind} ${call.credential_label}`],
          call.device === null ? undefined : ['Device', call.device],
          how.client === undefined ? undefined : ['AI client', how.client],
          [
            'Session',
            <AnchorLink key="session" to="/log" search={{ session }} size="sm">
              {session}
            </AnchorLink>,
          ],
          [
            'Server',
            may('operator') ? (
              <AnchorLink key="server" to="/servers/$name" params={{ name: call.server }} size="sm">
                {call.server}
              </AnchorLink>
            ) : (
              call.server
            ),
          ],
          tool === null
            ? ['Method', call.method]
            : [
                'Tool',
                <AnchorLink key="tool" to="/log" search={{ tool }} size="sm">
                  {tool}
                </AnchorLink>,
              ],
          [
            'Arguments',
            call.arg_keys.length === 0 ? 'none' : <KeptArguments key={call.id} id={call.id} names={call.arg_keys} />,
          ],
          call.args_digest === null ? undefined : ['Digest of them', <Code key="digest">{call.args_digest}</Code>],
          [
            'Result',
            call.error_code === null ? STATUS_WORDS[call.status] : `${STATUS_WORDS[call.status]} (${call.error_code})`,
          ],
          ['Took', tookText(call)],
          ['Sent and answered', `${bytes(call.request_bytes)}, ${bytes(call.response_bytes)}`],
          call.attempts === null || call.attempts < 2
            ? undefined
            : ['Attempts', `${call.attempts}${call.retry_reason === null ? '' : `: ${RETRIES[call.retry_reason]}`}`],
          call.input_rounds === 0
            ? undefined
            : ['Asked back', `${call.input_asked.join(', ')}, ${call.input_rounds} times`],
          secrets.length === 0
            ? undefined
            : [
                'Carried the secrets',
                <Group key="secrets" gap="sm">
                  {secrets.map((each) => (
                    <SecretLink key={each} secret={each} />
                  ))}
                </Group>,
              ],
          call.trace_id === null ? undefined : ['Trace', <Code key="trace">{call.trace_id}</Code>],
          ['Id', <Code key="id">{call.id}</Code>],
        ]}
      />
    </Section>
  );
}

function tookText({ latency_ms: all, upstream_ms: upstream }: Call): string {
  if (all === null) return 'it is under way, or the broker ended before it could say';
  return upstream === null ? msText(all) : `${msText(all)}, of these ${msText(upstream)} at the server`;
}

/** Leads to all that carried that version. */
function SecretLink({ secret }: { secret: string }) {
  const [, name = secret, version] = /^(.+)@(\d+)$/.exec(secret) ?? [];
  return (
    <AnchorLink
      to="/log/secret/$name"
      params={{ name }}
      search={version === undefined ? {} : { version: Number(version) }}
      size="sm"
    >
      {version === undefined ? name : `${name}, version ${version}`}
    </AnchorLink>
  );
}
