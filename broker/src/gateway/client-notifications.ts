// What a client says without waiting for an answer: what the tables of methods have goes where it belongs, everything else is dropped.
import { findMember } from 'mcpgate-shared/json-span';
import { admitNotification } from './admission.ts';
import type { ClientQuestions } from './client-questions.ts';
import type { ClientNotification } from './envelope.ts';
import type { GatewayParts, SessionScope } from './session-scope.ts';
import type { ClientTasks } from './tasks/client-tasks.ts';

/** `cancel`: the session's own request of an id as it was written. */
export function hearNotification(
  parts: Pick<GatewayParts, 'upstreams' | 'refused'>,
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
  if (admitted.kind === 'dropped') return parts.refused.note(scope.principal, 'dropped_notification', method);
  const { paramsText } = admitted;
  if (method === 'notifications/cancelled') {
    const requestId = findMember(paramsSpan?.members ?? [], 'requestId');
    if (requestId !== undefined) to.cancel(text.slice(requestId.start, requestId.end));
  } else if (method === 'notifications/progress') {
    const about = paramsText === undefined ? undefined : to.questions.progress(paramsText);
    if (about !== undefined) parts.upstreams.notify(scope.id, method, about.paramsText, about.server);
  } else if (method !== 'notifications/initialized') {
    // Only a connection of the session's own may hear what its client says by itself.
    const audience = to.clientTasks.audienceOf(method, params);
    if (audience !== null) parts.upstreams.notify(scope.id, method, paramsText, audience);
  }
}
