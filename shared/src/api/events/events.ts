// What changes, as it changes: a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Each event is small and says
// what to look at again; the log's own records come whole. Who hears what follows from the table of roles: somebody without the role for a topic hears of
// what is their own, or nothing.
import { z } from 'zod';
import { CallSchema, EventSchema } from '../audit.ts';
import { endpoint } from '../endpoint.ts';
import { ServerNameSchema, TimeSchema, WorkspaceNameSchema } from '../fields.ts';
import type { Access } from '../roles.ts';

/** `all`: whoever may this hears of everything in the topic. `own`: everybody hears of what is their own. */
interface TopicRule {
  all: Access;
  own: boolean;
}

export const TOPICS = {
  calls: { all: 'auditor', own: true },
  log: { all: 'auditor', own: false },
  requests: { all: 'member', own: true },
  servers: { all: 'operator', own: false },
  links: { all: 'admin', own: true },
  secrets: { all: 'operator', own: false },
  rules: { all: 'operator', own: false },
  people: { all: 'admin', own: true },
} as const satisfies Record<string, TopicRule>;
export type Topic = keyof typeof TOPICS;

/** By the word before the first dot of a type: in which topic a record of the log is told. A word that stands here nowhere is told in `log` alone. */
export const TOPIC_OF: Readonly<Record<string, Exclude<Topic, 'calls' | 'log'>>> = {
  server: 'servers',
  tool: 'servers',
  proposal: 'servers',
  account: 'servers',
  secret: 'secrets',
  key: 'secrets',
  signing_key: 'secrets',
  rule: 'rules',
  enforcement: 'rules',
  bundle: 'rules',
  hook: 'rules',
  config: 'rules',
  user: 'people',
  group: 'people',
  setup: 'people',
  password: 'people',
  device: 'links',
  login: 'links',
  logout: 'links',
  session: 'links',
  grant: 'links',
  admin_token: 'links',
  client: 'links',
  token: 'links',
};

const TopicSchema = z.enum(Object.keys(TOPICS) as [Topic, ...Topic[]]);
const TopicsSchema = z.array(TopicSchema).readonly();

/** A change that the log has, without its details. */
const change = <Name extends string>(event: Name, what: string) =>
  z
    .object({
      event: z.literal(event),
      record: z.string().meta({ description: 'The id of its record in the log' }),
      type: z.string().meta({ description: 'As the log has it: `secret.rotated`, `user.disabled`' }),
      subject: z.string().nullable(),
      actor: z.string(),
      at: TimeSchema,
    })
    .meta({ description: what });

export const ChangeSchema = z
  .discriminatedUnion('event', [
    z
      .object({ event: z.literal('hello'), topics: TopicsSchema, workspace: WorkspaceNameSchema, resumed: z.boolean() })
      .meta({ description: 'The first one: what is followed, and whether it goes on where the last one ended' }),
    z
      .object({ event: z.literal('resync'), topics: TopicsSchema })
      .meta({ description: 'Something of these topics was not told, or may not have been: read it again' }),
    z
      .object({ event: z.literal('bye'), why: z.enum(['draining']) })
      .meta({ description: 'The last one, where the broker ends: come again' }),
    z.object({ event: z.literal('call'), record: CallSchema }).meta({ description: 'A call has ended' }),
    z.object({ event: z.literal('record'), record: EventSchema }).meta({ description: 'An event of the log' }),
    z
      .object({ event: z.literal('request'), id: z.string(), state: z.string() })
      .meta({ description: 'Something that waits for a person was asked, decided or used' }),
    change('server', 'A server, its tools or an account at it has changed'),
    z
      .object({
        event: z.literal('health'),
        server: ServerNameSchema,
        state: z.enum(['disabled', 'idle', 'starting', 'ready', 'failed', 'removed']),
        circuit: z.string(),
        flapping: z.boolean(),
        error: z.string().nullable(),
      })
      .meta({ description: 'How a server is, at the broker that tells it' }),
    change('link', 'A device, a sign-in or a token has changed'),
    z
      .object({
        event: z.literal('connection'),
        credential: z.string().meta({ description: 'The id of the device or grant' }),
        user: z.string().nullable(),
        open: z.boolean(),
      })
      .meta({ description: 'A laptop has come or gone, at the broker that tells it' }),
    change('secret', 'A secret has changed, or a step of its rotation is done'),
    change('rule', 'Rules, bundles, hooks, enforcement or the configuration have changed'),
    z.object({ event: z.literal('delivery'), hook: z.string() }).meta({
      description: 'Something has arrived at a hook, or was sent there in vain, from the broker that tells it',
    }),
    change('person', 'A person or a group has changed'),
  ])
  .meta({
    id: 'Change',
    description: 'What the `data` of an event holds; its member `event` is the name of the event',
  });
export type Change = z.output<typeof ChangeSchema>;

const TOPIC_NAMES = Object.keys(TOPICS);

export const eventsApi = {
  follow: endpoint({
    name: 'followEvents',
    method: 'GET',
    path: '/events',
    summary: 'What changes, as it changes: server-sent events, as the role of who asks may hear them',
    access: 'anyone',
    query: z.strictObject({
      topics: z
        .string()
        .regex(
          new RegExp(`^(?:${TOPIC_NAMES.join('|')})(?:,(?:${TOPIC_NAMES.join('|')})){0,20}$`),
          `topics are ${TOPIC_NAMES.join(', ')}, with commas between them`,
        )
        .optional()
        .meta({ description: 'Names of topics with commas between them; left out: all that one may hear of' }),
      after: z
        .string()
        .max(1_000)
        .optional()
        .meta({ description: 'The id of the last event that was heard; the header Last-Event-ID goes before it' }),
      workspace: WorkspaceNameSchema.optional().meta({
        description: 'As the header x-mcpgate-workspace, which an EventSource cannot send',
      }),
    }),
    answer: ChangeSchema,
    stream: true,
    media: 'text/event-stream',
  }),
};
