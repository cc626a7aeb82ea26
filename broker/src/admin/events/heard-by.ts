// Who hears of what, by the table of roles: everything of a topic, or what is one's own.
import { TOPIC_OF, TOPICS, type Change, type Topic } from 'mcpgate-shared/api/events/events';
import { may } from 'mcpgate-shared/api/roles';
import type { FollowedRecord } from '../../audit/follow-log.ts';
import type { Caller } from '../operation.ts';

const NAMES = Object.keys(TOPICS) as Topic[];

export const hearsAll = ({ role }: Caller, topic: Topic): boolean => may(role, TOPICS[topic].all);

/** In their own workspace alone: another one may have a person of the same name. */
const ownName = ({ principal, workspaceId, homeWorkspaceId }: Caller): string | undefined =>
  workspaceId === homeWorkspaceId ? principal?.user?.name : undefined;

/** The topics that somebody may follow at all. */
export function topicsFor(caller: Caller): Topic[] {
  return NAMES.filter((topic) => hearsAll(caller, topic) || (TOPICS[topic].own && ownName(caller) !== undefined));
}

/** Of a topic of which somebody hears all, or what is of this person. */
export function hears(caller: Caller, topic: Topic, user: string | null): boolean {
  return hearsAll(caller, topic) || (user !== null && user === ownName(caller));
}

const EVENTS = {
  servers: 'server',
  links: 'link',
  secrets: 'secret',
  rules: 'rule',
  people: 'person',
} as const satisfies Partial<Record<Topic, Change['event']>>;

/** What a record of the log is told as, to whoever follows the topic. `isOf`: whether it is about this person. */
export interface Telling {
  topic: Topic;
  change: Change;
  isOf: (name: string) => boolean;
}

export function tellingsOf({ kind, record }: FollowedRecord): Telling[] {
  if (kind === 'call') {
    const change = { event: 'call', record } as const;
    return [{ topic: 'calls', change, isOf: (name) => record.member === name }];
  }
  const whole: Telling = { topic: 'log', change: { event: 'record', record }, isOf: () => false };
  const [word = ''] = record.type.split('.');
  const topic = Object.hasOwn(TOPIC_OF, word) ? TOPIC_OF[word] : undefined;
  if (topic === undefined || topic === 'requests') return [whole];
  const { id, type, subject, actor, ts, data } = record;
  const change = { event: EVENTS[topic], record: id, type, subject, actor, at: ts };
  const isOf = (name: string) => actor === name || subject === `user:${name}` || data['user'] === name;
  return [whole, { topic, change, isOf }];
}

export const hearsTelling = (caller: Caller, { topic, change, isOf }: Telling): boolean => {
  // Whoever reads the log because of what they hear would hear of that without an end.
  if (change.event === 'record' && change.record.type.startsWith('audit.') && change.record.actor === caller.actor.name)
    return false;
  const name = ownName(caller);
  return hearsAll(caller, topic) || (TOPICS[topic].own && name !== undefined && isOf(name));
};
