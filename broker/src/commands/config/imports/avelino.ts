// The configuration of avelino/mcp: `mcpServers` as AI clients write them, and `serverAuth` with who may call and what. Tokens that people had there
// are not carried over: here they log in.
import type { GroupForm, RuleForm, WrittenConfiguration } from 'mcpgate-shared/api/config/configuration';
import { legalServerName, readClientEntry } from 'mcpgate-shared/entries/client-entry';
import { extractSecrets } from 'mcpgate-shared/entries/secret-extraction';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import { createRuleList, type Imported, type RuleList } from './imported.ts';

const PolicySchema = z.enum(['allow', 'deny']);
const GrantSchema = z.looseObject({
  server: z.union([z.string().transform((one) => [one]), z.array(z.string())]),
  access: z.enum(['read', 'write', '*']),
  tools: z.array(z.string()).default([]),
  resources: z.array(z.string()).default([]),
  prompts: z.array(z.string()).default([]),
  deny: z.boolean().default(false),
});
type Grant = z.output<typeof GrantSchema>;
const AclSchema = z.looseObject({
  default: PolicySchema.default('allow'),
  strictClassification: z.boolean().default(false),
  roles: z.record(z.string(), z.array(GrantSchema)).default({}),
  subjects: z
    .record(
      z.string(),
      z.looseObject({ roles: z.array(z.string()).default([]), extra: z.array(GrantSchema).default([]) }),
    )
    .default({}),
  rules: z
    .array(
      z.looseObject({
        subjects: z.array(z.string()).default([]),
        roles: z.array(z.string()).default([]),
        tools: z.array(z.string()),
        policy: PolicySchema,
      }),
    )
    .default([]),
});
const FileSchema = z.looseObject({
  mcpServers: z.record(z.string(), z.unknown()).default({}),
  serverAuth: z
    .looseObject({
      provider: z.string().default('none'),
      bearer: z.looseObject({ tokens: z.record(z.string(), z.unknown()).default({}) }).optional(),
      acl: AclSchema.optional(),
    })
    .optional(),
});

const AUTH_KEYS = ['provider', 'bearer', 'forwarded', 'acl'];

/** Throws `usage` for what is no such configuration. */
export function fromAvelino(value: unknown): Imported {
  const read = FileSchema.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    // The path may lead over a token, which is a key there.
    const path = issue?.path.map(String).filter((_each, at, all) => all[at - 1] !== 'tokens') ?? [];
    throw new GateError('usage', `this is no configuration of avelino/mcp: ${path.join('.')}: ${issue?.message}`);
  }
  const { mcpServers, serverAuth } = read.data;
  const left: string[] = [];
  const notes: string[] = [];
  const { servers, secrets } = serversOf(mcpServers, left, notes);
  const list = createRuleList();
  const groups: Record<string, GroupForm> = {};
  if (serverAuth !== undefined) {
    for (const key of Object.keys(serverAuth))
      if (!AUTH_KEYS.includes(key))
        left.push(
          `serverAuth.${key}: is not carried over; the configuration file of the broker says how people sign in`,
        );
    const tokens = Object.keys(serverAuth.bearer?.tokens ?? {}).length;
    if (tokens > 0)
      left.push(
        `serverAuth.bearer.tokens: ${tokens} tokens are not carried over; people log in with \`mcpgate login\`, machines get a \`mcpgate-broker grant issue\``,
      );
    if (serverAuth.provider === 'forwarded')
      left.push('serverAuth.forwarded: a trusted proxy is set up in the configuration file of the broker');
    if (serverAuth.acl !== undefined) ofAcl(serverAuth.acl, list, groups, left, notes);
    else if (Object.keys(servers).length > 0)
      notes.push('without an acl everybody might use everything there; here nobody may before a rule allows it');
  }
  const configuration: WrittenConfiguration = {
    ...(secrets.length > 0 && { secrets: Object.fromEntries(secrets.map((name) => [name, {}])) }),
    ...(Object.keys(servers).length > 0 && { servers }),
    ...(Object.keys(groups).length > 0 && { groups }),
    ...(Object.keys(list.rules).length > 0 && { rules: list.rules }),
  };
  return { configuration, left, notes, secrets };
}

function serversOf(
  entries: Readonly<Record<string, unknown>>,
  left: string[],
  notes: string[],
): { servers: NonNullable<WrittenConfiguration['servers']>; secrets: string[] } {
  const servers: NonNullable<WrittenConfiguration['servers']> = {};
  const secrets = new Set<string>();
  for (const [given, entry] of Object.entries(entries)) {
    const name = legalServerName(given);
    const at = `mcpServers.${given}`;
    if (name === '' || Object.hasOwn(servers, name)) {
      left.push(`${at}: needs another name, of a-z, 0-9 and -`);
      continue;
    }
    if (Object(entry)['cli'] === true) {
      left.push(`${at}: wraps a command line as a server, which has no counterpart here`);
      continue;
    }
    const draft = readClientEntry(given, entry);
    if ('skipped' in draft) {
      left.push(draft.skipped);
      continue;
    }
    if (name !== given) notes.push(`${at}: is called ${name} here`);
    const { transport, found } = extractSecrets(name, draft.transport, { isTaken: (secret) => secrets.has(secret) });
    for (const each of found) secrets.add(each.name);
    servers[name] = { transport, ...(draft.enabled ? {} : { enabled: false }) };
    notes.push(...draft.warnings);
  }
  return { servers, secrets: [...secrets] };
}

function ofAcl(
  acl: z.output<typeof AclSchema>,
  list: RuleList,
  groups: Record<string, GroupForm>,
  left: string[],
  notes: string[],
): void {
  const at = 'serverAuth.acl';
  if (acl.default === 'allow') list.add('default-allow', { effect: 'allow', who: ['*'], what: ['*'] });
  if (acl.strictClassification)
    notes.push(`${at}.strictClassification: a tool that is not classified is one that writes, here always`);
  if (acl.rules.length > 0) return legacy(acl, list, left);
  for (const [role, grants] of Object.entries(acl.roles)) {
    const group = groupName(role);
    const members = Object.entries(acl.subjects).flatMap(([subject, { roles }]) =>
      roles.includes(role) ? [subject] : [],
    );
    groups[group] = { members: members.filter((subject) => isPerson(subject, left)) };
    for (const [index, grant] of grants.entries())
      ofGrant(grant, `group:${group}`, role, `${at}.roles.${role}[${index}]`, list, left);
  }
  for (const [subject, { roles, extra }] of Object.entries(acl.subjects)) {
    for (const role of roles)
      if (!Object.hasOwn(acl.roles, role)) left.push(`${at}.subjects.${subject}: there is no role ${role}`);
    for (const [index, grant] of extra.entries())
      ofGrant(grant, `user:${subject}`, subject, `${at}.subjects.${subject}.extra[${index}]`, list, left);
  }
}

/**
 * In theirs the first rule that matches decides, and here a deny wins wherever it stands: whoever was allowed before it is an exception of it. Where
 * what they were allowed is not the same, that cannot be said, and the deny takes it away.
 */
function legacy({ rules }: z.output<typeof AclSchema>, list: RuleList, left: string[]): void {
  const allowed: { at: string; who: string[]; tools: readonly string[] }[] = [];
  for (const [index, { subjects, roles, tools, policy }] of rules.entries()) {
    const at = `serverAuth.acl.rules[${index}]`;
    const people = subjects.filter((each) => each !== '*').map((each) => `user:${each}`);
    const groups = roles.filter((each) => each !== '*').map((each) => `group:${groupName(each)}`);
    if (people.length > 0 && groups.length > 0) {
      left.push(`${at}: is for people who are named and have a role besides; write one rule for those whom that means`);
      continue;
    }
    const who = people.length + groups.length === 0 ? ['*'] : [...people, ...groups];
    if (policy === 'allow') {
      allowed.push({ at, who, tools });
      list.add(`allow-${index + 1}`, { effect: 'allow', who, what: tools });
      continue;
    }
    const covers = (all: readonly string[]): boolean => tools.every((tool) => all.includes('*') || all.includes(tool));
    for (const each of allowed)
      if (!covers(each.tools))
        left.push(
          `${at}: ${each.at} stands before it and allows some of it; here the deny wins: look whether it takes that away`,
        );
    const except = [...new Set(allowed.flatMap((each) => (covers(each.tools) ? each.who : [])))];
    // Nobody is left whom it would deny.
    if (except.includes('*')) continue;
    list.add(`deny-${index + 1}`, { effect: 'deny', who, what: tools, ...(except.length > 0 && { except }) });
  }
}

function ofGrant(grant: Grant, who: string, name: string, at: string, list: RuleList, left: string[]): void {
  const { access, tools, resources, prompts, deny } = grant;
  const servers = grant.server;
  const things: string[] = [];
  for (const server of servers) {
    // With tools named, `write` is any of these that is not known to only read; here the names are enough.
    if (tools.length > 0) things.push(...tools.map((tool) => `${server}__${tool}`));
    else if (access === '*') things.push(server === '*' ? '*' : `${server}__*`);
    else things.push(`${access}:${server}`);
    if (prompts.length > 0) things.push(...prompts.map((prompt) => `prompt:${server}__${prompt}`));
    for (const uri of resources) things.push(server === '*' ? `resource:${uri}` : `resource:${server}+${uri}`);
  }
  if (tools.length > 0 && access !== '*')
    left.push(`${at}: is for those of its tools that ${access}; here they are named, whatever their class is`);
  const fits = things.filter((each) => /^\S{1,300}$/.test(each));
  if (fits.length < things.length)
    left.push(`${at}: some of its patterns have spaces or are longer than 300 characters`);
  const what = [...new Set(fits)].slice(0, 100);
  if (what.length < fits.length) left.push(`${at}: has more than 100 patterns; the rest is left out`);
  if (what.length > 0) list.add(`${name}-${deny ? 'deny' : access === '*' ? 'all' : access}`, ruleOf(deny, who, what));
}

const ruleOf = (deny: boolean, who: string, what: string[]): RuleForm => ({
  effect: deny ? 'deny' : 'allow',
  who: [who],
  what,
});

const groupName = (role: string): string => {
  const plain = role
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64);
  return plain === '' ? 'role' : plain;
};

function isPerson(subject: string, left: string[]): boolean {
  if (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(subject)) return true;
  left.push(
    `serverAuth.acl.subjects.${subject}: nobody can be called so here; add the person under another name and put them into the group`,
  );
  return false;
}
