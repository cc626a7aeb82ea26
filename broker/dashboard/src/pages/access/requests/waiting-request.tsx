// One request that waits: who asks for what, with which arguments, from where and how long it waits yet; and the three answers.
import { Button, Code, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { requestsApi, type Request } from 'mcpgate-shared/api/rules/requests';
import { useState } from 'react';
import { useApi, useChange } from '../../../api/use-api.ts';
import { Facts } from '../../../parts/facts.tsx';
import { AnchorLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { Ago } from '../../../parts/time.tsx';
import { toastDone } from '../../../parts/toast.tsx';
import { FormEnd } from '../../../parts/forms/form-end.tsx';

const HOUR_S = 3_600;

/** JSON on lines of its own where it is JSON; it may have been cut. */
function laidOut(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function WaitingRequest({ request }: { request: Request }) {
  const { id, kind, who, tool, mine, approvers, device, client_name: client, address, reason, rule } = request;
  const detail = useApi(requestsApi.show, { params: { id } });
  const decided = (message: string) => ({
    changes: [requestsApi.list, requestsApi.show],
    onDone: () => toastDone({ message, subject: `request:${id}` }),
  });
  const once = useChange(requestsApi.approve, decided(`${who} may go on with ${tool}.`));
  const while_ = useChange(requestsApi.approve, decided(`${who} may use ${tool} for an hour.`));
  const [denying, setDenying] = useState(false);
  const params = { id };
  const isBusy = once.isPending || while_.isPending;
  const text = detail.data?.arguments ?? null;
  return (
    <Section
      title={kind === 'access' ? `${who} asks for access to ${tool}` : `${who} wants to call ${tool}`}
      lead={
        <>
          Asked <Ago at={request.created_at} />, runs out <Ago at={request.expires_at} />
        </>
      }
    >
      <Stack gap="md">
        <Facts
          facts={[
            reason === null ? undefined : ['Reason', reason],
            text === null
              ? undefined
              : [
                  'Arguments',
                  <Code
                    key="arguments"
                    block
                    mah={260}
                    style={{ overflow: 'auto', whiteSpace: 'pre-wrap' }}
                    tabIndex={0}
                  >
                    {laidOut(text)}
                  </Code>,
                ],
            ['From', [device, client, address].filter((each) => each !== null).join(' · ') || 'not known'],
            rule === null
              ? undefined
              : [
                  'Asked by the rule',
                  <AnchorLink key="rule" to="/access/rules/$id" params={{ id: rule }} size="sm">
                    {rule}
                  </AnchorLink>,
                ],
            ['Who decides', approvers.length === 0 ? 'administrators' : approvers.join(', ')],
          ]}
        />
        <ProblemAlert problem={once.error ?? while_.error} />
        {mine ? (
          <Group gap="sm" justify="flex-end">
            <Button variant="light" color="red" onClick={() => setDenying(true)} disabled={isBusy}>
              Deny it…
            </Button>
            <Button
              variant={kind === 'access' ? 'filled' : 'default'}
              loading={while_.isPending}
              disabled={isBusy}
              onClick={() => while_.mutate({ params, body: { for_s: HOUR_S } })}
            >
              Approve for an hour
            </Button>
            {kind === 'call' && (
              <Button loading={once.isPending} disabled={isBusy} onClick={() => once.mutate({ params, body: {} })}>
                Approve once
              </Button>
            )}
          </Group>
        ) : (
          <Text size="sm" c="dimmed">
            Others decide this one.
          </Text>
        )}
      </Stack>
      <Modal opened={denying} onClose={() => setDenying(false)} title={`Deny ${tool} to ${who}?`}>
        <DenyForm request={request} onClose={() => setDenying(false)} />
      </Modal>
    </Section>
  );
}

function DenyForm({ request: { id, who, tool, kind }, onClose }: { request: Request; onClose: () => void }) {
  const [note, setNote] = useState('');
  const deny = useChange(requestsApi.deny, {
    changes: [requestsApi.list, requestsApi.show],
    onDone: () => {
      onClose();
      toastDone({ message: `${tool} was denied to ${who}.`, subject: `request:${id}` });
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        deny.mutate({ params: { id }, body: note.trim() === '' ? {} : { note: note.trim() } });
      }}
    >
      <Stack gap="md">
        <Text size="sm">
          {kind === 'call'
            ? 'The call ends with a denial, and their AI client is told your reason.'
            : 'They are told your reason.'}
        </Text>
        <Textarea
          label="Reason"
          placeholder="Not on a Friday; ask again on Monday"
          maxLength={300}
          value={note}
          onChange={({ currentTarget }) => setNote(currentTarget.value)}
          data-autofocus
        />
        <ProblemAlert problem={deny.error} />
        <FormEnd action="Deny it" onClose={onClose} leave="Let it wait" isEnd isPending={deny.isPending} />
      </Stack>
    </form>
  );
}
