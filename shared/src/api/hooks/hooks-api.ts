// Hooks: an address that is asked about calls, and addresses that are told what waits for somebody's yes, or what the audit log has.
import { z } from 'zod';
import { referencesIn, SECRET_REFERENCE } from '../../values/secret-reference.ts';
import { listEndpoint } from '../lists/list-endpoint.ts';
import { endpoint } from '../endpoint.ts';
import { NameParams, SecretNameSchema, TimeSchema } from '../fields.ts';
import { ApproverSchema, TestedArgumentsSchema, WhatSchema } from '../rules.ts';

export const HookNameSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,24}$/, 'a hook name is 1 to 24 of a-z, 0-9 and -')
  .meta({ description: 'Name of a hook; the one that is asked about calls is named authorize' });

/** The scheme and host are there to be read; only what stands behind them may be secret. */
const HOST = /^https?:\/\/[^/?#@\\{}$\s]+(?:[/?][^#\\\s]*)?$/;

const SYSLOG_URL = /^syslog\+(?:tls|tcp|udp):\/\/(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?\/?$/;

export const HookUrlSchema = z
  .string()
  .max(2_000)
  .refine(
    (text) =>
      HOST.test(text) &&
      URL.parse(text.replaceAll(new RegExp(SECRET_REFERENCE, 'g'), 'x')) !== null &&
      referencesIn(text).every(({ kind, asImported }) => kind === 'secret' && !asImported),
    'write an http or https URL without a password; behind its host it may hold ${secret:NAME}',
  )
  .meta({ description: 'http or https; behind the host it may hold ${secret:NAME}' });

/** Of a receiver of the log, which may also take syslog. */
const LogUrlSchema = z
  .union([HookUrlSchema, z.string().regex(SYSLOG_URL, 'write syslog+tls://HOST:PORT, or +tcp, or +udp')])
  .meta({
    description:
      'http or https, where ${secret:NAME} may stand behind the host; or syslog+tls://HOST:PORT, syslog+tcp://…, syslog+udp://…',
  });

const TimeoutSchema = z.number().int().min(50, 'at least 50 ms').max(5_000, 'at most 5 s');
const PersonSchema = z.string().regex(/^user:[a-z0-9][a-z0-9._-]{0,63}$/, 'a person is user:NAME');
const PeopleSchema = z
  .record(z.string().regex(/^[^\s\p{C}]{1,100}$/u, 'an id is 1 to 100 characters without spaces'), PersonSchema)
  .meta({ description: 'user:NAME by the id that the other side has for them; never by a name that is shown' });
const secret = SecretNameSchema.nullable();

const common = {
  url: HookUrlSchema,
  enabled: z.boolean().default(true),
  secret: secret.default(null).meta({ description: 'The secret that signs what is sent (Standard Webhooks)' }),
  bearer: secret.default(null).meta({ description: 'The secret that is sent as Authorization: Bearer' }),
  managed_by: z.string().min(1).max(500).nullable().default(null),
};
const authorize = {
  what: z.array(WhatSchema).max(100).meta({ description: 'It is asked about these things alone; none: about all' }),
  approvers: z.array(ApproverSchema).max(20).meta({ description: 'Who decides where it answers ask' }),
  sends_arguments: z.boolean().meta({ description: 'false: it gets the digest of the arguments alone' }),
};
const approvals = {
  format: z.enum(['slack', 'standard']),
  signing_secret: secret.meta({ description: 'The secret that proves the decisions which come back' }),
  people: PeopleSchema,
  by_email: z.boolean().meta({ description: 'An e-mail address in a signed decision names a person, too' }),
};

const log = {
  what: z
    .array(z.string().regex(/^[a-z][a-z_.]{0,63}\*?$/, 'write calls, denials, begun, events, or a type of events'))
    .max(50)
    .meta({ description: 'calls, denials, begun, events, or types of events, as in secret.*; none: all' }),
  format: z.enum(['standard', 'otlp']).meta({ description: 'Over HTTP: Standard Webhooks, or OTLP logs as JSON' }),
  headers: z
    .record(
      z.string().regex(/^[a-z0-9-]{1,64}$/, 'the name of a header in small letters'),
      z
        .string()
        .max(2_000)
        .regex(/^[\x20-\x7e]*$/, 'the value of a header is printable ASCII'),
    )
    .meta({ description: 'Further headers over HTTP; values may hold ${secret:NAME}' }),
  ca: z
    .string()
    .max(100_000)
    .includes('-----BEGIN CERTIFICATE-----', { error: 'write certificates as PEM' })
    .nullable()
    .meta({ description: "PEM certificates that are trusted instead of the system's" }),
  certificate: secret.meta({ description: 'syslog+tls: the secret with certificate and key (PEM) that is shown' }),
  max_bytes: z
    .number()
    .int()
    .min(480)
    .max(60_000)
    .nullable()
    .meta({ description: 'syslog: the longest message; null: 8192' }),
};

const NewAuthorizeHookSchema = z.strictObject({
  kind: z.literal('authorize'),
  name: z.literal('authorize', { error: 'the hook that is asked about calls is named authorize' }),
  ...common,
  timeout_ms: TimeoutSchema.default(500),
  what: authorize.what.default([]),
  approvers: authorize.approvers.default([]),
  sends_arguments: authorize.sends_arguments.default(true),
});
const NewApprovalsHookSchema = z.strictObject({
  kind: z.literal('approvals'),
  name: HookNameSchema.refine((name) => name !== 'authorize', 'a hook of this kind has another name'),
  ...common,
  timeout_ms: TimeoutSchema.default(5_000),
  format: approvals.format.default('standard'),
  signing_secret: approvals.signing_secret.default(null),
  people: approvals.people.default({}),
  by_email: approvals.by_email.default(false),
});

const NewLogHookSchema = z.strictObject({
  kind: z.literal('log'),
  name: HookNameSchema.refine((name) => name !== 'authorize', 'a hook of this kind has another name'),
  ...common,
  url: LogUrlSchema,
  timeout_ms: TimeoutSchema.default(5_000),
  what: log.what.default([]),
  format: log.format.default('standard'),
  headers: log.headers.default({}),
  ca: log.ca.default(null),
  certificate: log.certificate.default(null),
  max_bytes: log.max_bytes.default(null),
});

export const NewHookSchema = z
  .discriminatedUnion('kind', [NewAuthorizeHookSchema, NewApprovalsHookSchema, NewLogHookSchema])
  .meta({ id: 'NewHook' });
export type NewHookView = z.output<typeof NewHookSchema>;

/** What cannot be together in what is said of a hook, as a sentence. */
export function hookMistake(hook: NewHookView | HookForm): string | undefined {
  if (hook.kind !== 'log') return undefined;
  const { url, format, secret: signs, bearer, headers, ca, certificate, max_bytes: maxBytes } = hook;
  const isTls = url.startsWith('https:') || url.startsWith('syslog+tls:');
  if (ca !== null && !isTls) return 'certificates are trusted over TLS alone';
  if (url.startsWith('syslog+')) {
    if (format === 'otlp') return 'OTLP is sent over HTTP: write an http or https URL';
    if ((signs ?? bearer ?? null) !== null || Object.keys(headers).length > 0)
      return 'syslog has no headers: without signing secret, bearer and headers';
    return certificate !== null && !isTls ? 'a certificate is shown over TLS alone' : undefined;
  }
  if (certificate !== null || maxBytes !== null)
    return 'a certificate and the length of messages are said for syslog alone';
  const own = Object.keys(headers).find((name) => OWN_HEADERS.has(name) || name.startsWith('webhook-'));
  if (own !== undefined) return `mcpgate writes the header ${own} itself`;
  return undefined;
}

const OWN_HEADERS = new Set([
  ...['accept', 'authorization', 'connection', 'content-length', 'content-type', 'host', 'transfer-encoding'],
  ...['accept-encoding', 'user-agent', 'expect', 'upgrade', 'te', 'trailer', 'keep-alive', 'proxy-authorization'],
]);

/** All that is said of a hook, but for its name, and for what manages it. */
const NOT_SAID = { name: true, managed_by: true } as const;
export const HookFormSchema = z
  .discriminatedUnion('kind', [
    NewAuthorizeHookSchema.omit(NOT_SAID),
    NewApprovalsHookSchema.omit(NOT_SAID),
    NewLogHookSchema.omit(NOT_SAID),
  ])
  .meta({ id: 'HookForm', description: 'A hook, as `hook set` and `hook add` make it' });
export type HookForm = z.output<typeof HookFormSchema>;

const shown = {
  name: z.string(),
  url: z.string(),
  enabled: z.boolean(),
  timeout_ms: z.number().int(),
  secret: z.string().nullable(),
  bearer: z.string().nullable(),
  managed_by: z.string().nullable(),
  created_at: TimeSchema,
  updated_at: TimeSchema,
  created_by: z.string(),
  warnings: z.array(z.string()).meta({ description: 'What keeps it from working today' }),
  queue: z
    .object({
      queued: z.number().int(),
      oldest_at: TimeSchema.nullable(),
      attempts: z.number().int(),
      last_error: z.string().nullable(),
      next_at: TimeSchema.nullable().meta({ description: 'When it is tried again; null: nothing was in vain' }),
      delivered_at: TimeSchema.nullable().meta({ description: 'When something last arrived; null: nothing has' }),
      tried_by: z.string().nullable().meta({ description: 'Where the broker runs that tried last' }),
    })
    .optional()
    .meta({ description: 'What waits to be delivered to it' }),
};
export const HookSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('authorize'), ...shown, ...authorize }),
    z.object({ kind: z.literal('approvals'), ...shown, ...approvals }),
    z.object({ kind: z.literal('log'), ...shown, ...log }),
  ])
  .meta({ id: 'Hook' });
export type HookView = z.output<typeof HookSchema>;

export const hooksApi = {
  list: listEndpoint({
    name: 'listHooks',
    path: '/hooks',
    summary: 'All hooks',
    access: 'operator',
    item: HookSchema,
    key: 'name',
    texts: ['name'],
    filters: { kind: z.enum(['authorize', 'approvals', 'log']).optional() },
  }),
  add: endpoint({
    name: 'addHook',
    method: 'POST',
    path: '/hooks',
    summary: 'Add a hook; holds from the next call on',
    body: NewHookSchema,
    answer: HookSchema,
  }),
  show: endpoint({
    name: 'getHook',
    tagged: { without: ['queue', 'warnings'] },
    method: 'GET',
    path: '/hooks/:name',
    summary: 'One hook',
    access: 'operator',
    params: NameParams,
    answer: HookSchema,
  }),
  set: endpoint({
    name: 'setHook',
    edits: 'getHook',
    method: 'PATCH',
    path: '/hooks/:name',
    summary: 'Change a hook; what is left out stays',
    params: NameParams,
    body: z.strictObject({
      url: LogUrlSchema.optional(),
      enabled: z.boolean().optional(),
      timeout_ms: TimeoutSchema.optional(),
      secret: secret.optional(),
      bearer: secret.optional(),
      managed_by: z.string().min(1).max(500).nullable().optional(),
      what: z.union([authorize.what, log.what]).optional(),
      approvers: authorize.approvers.optional(),
      sends_arguments: authorize.sends_arguments.optional(),
      format: z.enum(['slack', 'standard', 'otlp']).optional(),
      signing_secret: secret.optional(),
      people: PeopleSchema.optional(),
      by_email: approvals.by_email.optional(),
      headers: log.headers.optional(),
      ca: log.ca.optional(),
      certificate: log.certificate.optional(),
      max_bytes: log.max_bytes.optional(),
    }),
    answer: HookSchema,
  }),
  remove: endpoint({
    name: 'removeHook',
    edits: 'getHook',
    method: 'DELETE',
    path: '/hooks/:name',
    summary: 'Remove a hook; without authorize, what the rules allow is allowed',
    params: NameParams,
    answer: HookSchema,
  }),
  test: endpoint({
    name: 'testHook',
    method: 'POST',
    path: '/hooks/:name/test',
    summary: 'Ask a hook about a call that nobody makes, or have it told of one',
    access: 'operator',
    params: NameParams,
    body: z.strictObject({
      who: z
        .string()
        .regex(/^(user|grant):\S{1,200}$/, 'test a user:NAME or a grant:LABEL')
        .optional(),
      what: WhatSchema.optional(),
      client: z.string().min(1).max(200).optional(),
      device: z.string().min(1).max(200).optional(),
      address: z.string().min(1).max(45).optional(),
      args: TestedArgumentsSchema.optional(),
    }),
    answer: z
      .object({
        name: z.string(),
        decision: z.enum(['allow', 'deny', 'ask', 'away', 'told']),
        reason: z.string().nullable(),
        question: z.string().meta({ description: 'What was sent' }),
        answered: z.string().nullable().meta({ description: 'The beginning of what came back; null: nothing' }),
        ms: z.number(),
      })
      .meta({ id: 'TestedHook' }),
  }),
};
