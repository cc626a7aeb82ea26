// One record of the log with all that belongs to it: what happened and why, what was changed, what stood around it, and where it stands in the chains.
import { getRouteApi } from '@tanstack/react-router';
import { auditApi, type Story } from 'mcpgate-shared/api/audit';
import { useApi } from '../../../api/use-api.ts';
import { AnchorLink } from '../../../parts/links.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Page } from '../../../parts/page.tsx';
import { StatusBadge } from '../../../parts/status-badge.tsx';
import { callResult, clientOf, eventResult, whatOf, whoOf } from '../record-words.ts';
import { Approvals } from './approvals.tsx';
import { CallFacts } from './call-facts.tsx';
import { EventFacts } from './event-facts.tsx';
import { Proof } from './proof.tsx';
import { SessionAround } from './session-around.tsx';
import { Why } from './why.tsx';

const route = getRouteApi('/shell/log/$id');

export function RecordPage() {
  const { id } = route.useParams();
  const story = useApi(auditApi.show, { params: { id } });
  const { title, lead, result } = headOf(story.data, id);
  return (
    <Page
      title={title}
      lead={lead}
      above={[
        <AnchorLink key="log" to="/log" size="sm">
          Log
        </AnchorLink>,
      ]}
      badge={result && <StatusBadge tone={result.tone}>{result.word}</StatusBadge>}
    >
      <Loaded query={story}>{(data) => <Told story={data} />}</Loaded>
    </Page>
  );
}

function headOf(story: Story | undefined, id: string) {
  if (story !== undefined && story.call !== null) {
    const { call } = story;
    const with_ = [clientOf(call), call.device].filter((each) => each !== undefined && each !== null).join(' on ');
    return {
      title: whatOf(call),
      lead: `${whoOf(call)} called it at ${call.server}${with_ === '' ? '' : `, with ${with_}`}.`,
      result: callResult(call),
    };
  }
  if (story !== undefined && story.event !== null) {
    const { type, actor, subject } = story.event;
    return {
      title: type,
      lead: `By ${actor}${subject === null ? '' : `, about ${subject}`}.`,
      result: eventResult(story.event),
    };
  }
  return { title: id.startsWith('q_') ? `Request ${id}` : 'A record of the log', lead: undefined, result: undefined };
}

function Told({ story }: { story: Story }) {
  const { call, event, rows, approvals, session } = story;
  return (
    <>
      {call !== null && <Why call={call} rule={story.rule} />}
      {event !== null && <EventFacts event={event} />}
      {call !== null && <CallFacts call={call} />}
      {approvals.length > 0 && <Approvals events={approvals} />}
      {session.length > 0 && <SessionAround calls={session} />}
      {rows.length > 0 && <Proof rows={rows} />}
    </>
  );
}
