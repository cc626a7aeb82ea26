// Handles notifications of a client: cancels requests and passes on what servers must know. Notifications that are not in the tables of
// methods.ts are dropped.
import { findMember } from 'mcpgate-shared/mcp/json-span';
import { admitNotification } from '../admission.ts';
import type { ClientQuestions } from './client-questions.ts';
import type { ClientNotification } from '../envelope.ts';
import type { GatewayParts } from '../../gateway-parts.ts';
import type { SessionScope } from '../../session-scope.ts';
import type { ClientTasks } from '../../tasks/client-tasks.ts';
import { relatedTask, withRelated } from '../../tasks/related-task.ts';

/** `cancel`: cancels the session's request with that id (JSON text). */
export function hearNotification(
  parts: Pick<GatewayParts, 'upstreams' | 'refused' | 'tasks' | 'clock'>,
  scope: SessionScope,
  to: {
    questions: Pick<ClientQuestions, 'progress'>;
    clientTasks: Pick<ClientTasks, 'audienceOf'>;
    cancel: (idText: string) => void;
  },
  notification: ClientNotification,
  text: string,
): void {
  const { method, params, paramsSpan } = notification;
  const admitted = admitNotification(notification, text);
  const dropped = () => parts.refused.note(scope.principal, 'dropped_notification', method);
  if (admitted.kind === 'dropped') return dropped();
  const { paramsText } = admitted;
  const tell = (told: string | undefined, server: string | undefined): void => {
    const related = relatedTask(parts, scope, server, params);
    if (related.kind === 'foreign') return dropped();
    const seen = told === undefined || related.kind === 'none' ? told : withRelated(told, related.ownId);
    parts.upstreams.notify(scope.id, method, seen, server);
  };
  if (method === 'notifications/cancelled') {
    const requestId = findMember(paramsSpan?.members ?? [], 'requestId');
    if (requestId !== undefined) to.cancel(text.slice(requestId.start, requestId.end));
  } else if (method === 'notifications/progress') {
    const about = paramsText === undefined ? undefined : to.questions.progress(paramsText);
    if (about !== undefined) tell(about.paramsText, about.server);
  } else if (method !== 'notifications/initialized') {
    // Notifications of a client go only to connections that belong to its session alone.
    const audience = to.clientTasks.audienceOf(method, params);
    if (audience !== null) tell(paramsText, audience);
  }
}
