// Why a call was allowed or denied: the rule as it stood then and as it stands now, and the ways to it.
import { Group, Text } from '@mantine/core';
import type { Call, Story } from 'mcpgate-shared/api/audit';
import { useSession } from '../../../api/session.tsx';
import { Facts } from '../../../parts/facts.tsx';
import { AnchorLink, PathLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { withLocalTimes } from '../../../parts/local-time.ts';
import { Ago } from '../../../parts/time.tsx';
import { whoOf } from '../record-words.ts';

const TITLES: Readonly<Record<Call['decision'], string>> = {
  allow: 'Why it was allowed',
  deny: 'Why it was denied',
  would_deny: 'Why it would have been denied',
};

const HOOK = 'hook:';

export function Why({ call, rule }: { call: Call; rule: Story['rule'] }) {
  const { decision, rule: id } = call;
  const isHook = id?.startsWith(HOOK) === true;
  return (
    <Section title={TITLES[decision]} lead={leadOf(call)}>
      {id !== null && (
        <Facts
          facts={[
            [isHook ? 'Hook' : 'Rule', <Decider key="by" id={id} isHook={isHook} />],
            isHook || rule === null
              ? undefined
              : ['It said then', rule.was === null ? unknownThen(rule.may_be_in) : withLocalTimes(rule.was)],
            isHook || rule === null
              ? undefined
              : [
                  'It says now',
                  rule.is === null ? 'it is removed' : rule.is === rule.was ? 'the same' : withLocalTimes(rule.is),
                ],
            ...(rule === null ? [] : notesOf(rule)),
            rule === null || rule.changed_by === null
              ? undefined
              : [
                  'Written by',
                  <span key="by">
                    {rule.changed_by}, <Ago at={rule.changed_at} />
                  </span>,
                ],
            ['Version of the rules', call.policy_version],
          ]}
        />
      )}
      <Ways call={call} />
    </Section>
  );
}

/** Why there is the rule, in the words of whoever wrote it. */
function notesOf({ note_then: then, note_now: now, is }: NonNullable<Story['rule']>): [string, string][] {
  return [
    ...(then === null ? [] : [['Its note then', then] satisfies [string, string]]),
    ...(is === null || now === then ? [] : [['Its note now', now ?? 'none'] satisfies [string, string]]),
  ];
}

const unknownThen = (archives: readonly string[]): string =>
  archives.length === 0
    ? 'the log has no event of it, as of rules that are older than the log'
    : `its event is not in the database any more; it may be in ${archives.join(', ')}`;

function leadOf({ decision, rule, status }: Call): string {
  if (decision === 'allow') return rule === null ? 'No rule was asked: enforcement was off, or it needs none.' : '';
  if (decision === 'would_deny')
    return 'A rule that only watches, or enforcement that was off, let it go on and wrote this down.';
  if (rule === null) return 'No rule allows it, and what no rule allows is denied. Nothing was sent to the server.';
  return status === 'denied' ? 'Nothing was sent to the server.' : '';
}

function Decider({ id, isHook }: { id: string; isHook: boolean }) {
  const { may } = useSession();
  if (isHook) return <span>{id.slice(HOOK.length)}</span>;
  if (!may('operator')) return <span>{id}</span>;
  return (
    <PathLink path={`/access/rules/${id}`} inText>
      {id}
    </PathLink>
  );
}

function Ways({ call }: { call: Call }) {
  const { may } = useSession();
  const { rule, tool_name: tool, member, decision } = call;
  const asked = new URLSearchParams({ tab: 'why', who: `user:${member ?? ''}`, what: tool ?? '' });
  return (
    <Group gap="md" mt="md">
      {rule !== null && (
        <AnchorLink to="/log" search={{ rule }} size="sm">
          All calls that it decided
        </AnchorLink>
      )}
      {rule === null && decision !== 'allow' && (
        <AnchorLink to="/log" search={{ decision, user: whoOf(call) }} size="sm">
          What else was denied to {whoOf(call)}
        </AnchorLink>
      )}
      {may('operator') && member !== null && tool !== null && (
        <PathLink path={`/access?${asked.toString()}`}>What the rules say now</PathLink>
      )}
      {decision === 'deny' && rule === null && member !== null && (
        <Text size="sm" c="dimmed">
          {member} can ask for access from the AI client, or at My account.
        </Text>
      )}
    </Group>
  );
}
