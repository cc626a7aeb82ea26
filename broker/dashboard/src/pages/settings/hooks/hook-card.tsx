// One hook: where it goes, how it is, what waits for it; tried, paused and gone on with from here.
import { Alert, Button, Code, Group, List, Stack, Text } from '@mantine/core';
import { hooksApi, type HookView } from 'mcpgate-shared/api/hooks/hooks-api';
import { useSession } from '../../../api/session.tsx';
import { useChange } from '../../../api/use-api.ts';
import { useConfirm } from '../../../parts/confirm.tsx';
import { Facts } from '../../../parts/facts.tsx';
import { countText } from '../../../parts/figures.ts';
import { PathLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { StatusBadge, type Tone } from '../../../parts/status-badge.tsx';
import { Ago, useNow } from '../../../parts/time.tsx';
import { logPath, toastDone } from '../../../parts/toast.tsx';
import { TryHook } from './try-hook.tsx';

const KINDS: Readonly<Record<HookView['kind'], string>> = {
  authorize: 'Is asked about calls',
  approvals: 'Is told what waits for somebody’s yes',
  log: 'Is sent the audit log',
};

function formatOf(hook: HookView): string {
  if (hook.kind === 'authorize') return 'HTTP question and answer';
  if (hook.kind === 'approvals') return hook.format === 'slack' ? 'Slack message' : 'webhook (Standard Webhooks)';
  if (hook.url.startsWith('syslog+')) return 'syslog (RFC 5424)';
  return hook.format === 'otlp' ? 'OpenTelemetry logs' : 'webhook (Standard Webhooks)';
}

/** How it is, in a word. */
function stateOf({ enabled, queue, warnings }: HookView): readonly [Tone, string] {
  if (!enabled) return ['quiet', 'paused'];
  if ((queue?.last_error ?? null) !== null) return ['danger', 'does not arrive'];
  if (warnings.length > 0) return ['warn', 'not set up'];
  if (queue === undefined) return ['ok', 'on'];
  return queue.queued === 0 ? ['ok', 'nothing waits'] : ['info', 'delivering'];
}

export function HookCard({ hook }: { hook: HookView }) {
  const { may } = useSession();
  const [tone, word] = stateOf(hook);
  const { queue, warnings } = hook;
  return (
    <Section
      title={hook.name}
      lead={`${KINDS[hook.kind]}: ${formatOf(hook)}`}
      actions={<StatusBadge tone={tone}>{word}</StatusBadge>}
    >
      <Stack gap="md">
        {queue?.last_error !== undefined && queue.last_error !== null && (
          <Alert color="red" variant="light" title="The last attempt did not arrive">
            <Text size="sm">{queue.last_error}</Text>
            <Text size="sm" mt={4}>
              It is tried again by itself{queue.next_at !== null && <NextTry at={queue.next_at} />}, ever more rarely,
              every five minutes at the least. What waits is kept, in its order. Mend the receiver or the address, and
              send a test: once that arrives, the rest goes at once.
            </Text>
          </Alert>
        )}
        {warnings.length > 0 && (
          <Alert color="yellow" variant="light" title="Something is missing">
            <List size="sm">
              {warnings.map((warning) => (
                <List.Item key={warning}>{warning}</List.Item>
              ))}
            </List>
          </Alert>
        )}
        <Facts
          facts={[
            ['Address', <Code key="url">{hook.url}</Code>],
            queue === undefined
              ? undefined
              : [
                  'Waiting',
                  queue.queued === 0 ? (
                    'Nothing: all has arrived'
                  ) : (
                    <span key="waiting">
                      {countText(
                        queue.queued,
                        hook.kind === 'log' ? 'row of the log' : 'message',
                        hook.kind === 'log' ? 'rows of the log' : 'messages',
                      )}
                      , the oldest <Ago at={queue.oldest_at} />
                    </span>
                  ),
                ],
            queue === undefined || queue.attempts === 0
              ? undefined
              : ['In vain so far', countText(queue.attempts, 'attempt')],
            queue === undefined
              ? undefined
              : ['Last arrived', <Ago key="arrived" at={queue.delivered_at} never="nothing has, so far" />],
            queue === undefined || queue.tried_by === null ? undefined : ['Sent last by', queue.tried_by],
            hook.kind === 'approvals'
              ? undefined
              : ['About', hook.what.length === 0 ? 'everything' : hook.what.join(', ')],
            ['Signed with', hook.secret === null ? 'not signed' : <Code key="secret">{hook.secret}</Code>],
            [
              'Changed',
              <span key="changed">
                <Ago at={hook.updated_at} />
                {hook.managed_by !== null && `, managed by ${hook.managed_by}`}
                {may('auditor') && (
                  <>
                    {' '}
                    <PathLink path={logPath(`hook:${hook.name}`)} inText>
                      In the log
                    </PathLink>
                  </>
                )}
              </span>,
            ],
          ]}
        />
        <Group gap="sm">
          <TryHook hook={hook} />
          {may('admin') && <PauseHook hook={hook} />}
        </Group>
      </Stack>
    </Section>
  );
}

/** Nothing once its time has come: then it is under way. */
function NextTry({ at }: { at: string }) {
  const left = Date.parse(at) - useNow();
  if (left <= 0) return null;
  return left < 60_000 ? (
    ' within a minute'
  ) : (
    <>
      {' '}
      <Ago at={at} />
    </>
  );
}

function PauseHook({ hook: { name, kind, enabled, managed_by: managedBy } }: { hook: HookView }) {
  const confirm = useConfirm();
  const set = useChange(hooksApi.set, { changes: [hooksApi.list] });
  const change = async (next: boolean): Promise<void> => {
    await set.mutateAsync({ params: { name }, body: { enabled: next } });
    toastDone({ message: `The hook ${name} ${next ? 'goes on' : 'is paused'}.`, subject: `hook:${name}` });
  };
  if (!enabled)
    return (
      <>
        <Button size="sm" onClick={() => void change(true).catch(() => undefined)} loading={set.isPending}>
          Go on
        </Button>
        <ProblemAlert problem={set.error} />
      </>
    );
  return (
    <Button
      size="sm"
      variant="default"
      onClick={() =>
        confirm({
          title: `Pause the hook ${name}?`,
          consequences: [
            PAUSED[kind],
            ...(managedBy === null ? [] : [`It stands in ${managedBy}: the next apply makes it what that says.`]),
          ],
          action: 'Pause the hook',
          destroys: kind === 'authorize',
          run: () => change(false),
        })
      }
    >
      Pause
    </Button>
  );
}

const PAUSED: Readonly<Record<HookView['kind'], string>> = {
  authorize: 'It is not asked any more: what the rules allow is allowed, until you go on.',
  approvals: 'Nobody is told there of what waits meanwhile. People still find it in the dashboard.',
  log: 'Nothing is sent. The log keeps all of it, and it is sent when you go on.',
};
