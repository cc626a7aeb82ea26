// The configuration of avelino/mcp: `mcpServers` as AI clients write them, and `serverAuth` with who may call and what. Tokens that people had there
// are not carried over, because here they log in; which roles a token gave its owner is.
import type { GroupForm, RuleForm, WrittenConfiguration } from 'mcpgate-shared/api/config/configuration';
import { legalServerName, readClientEntry } from 'mcpgate-shared/entries/client-entry';
import { extractSecrets } from 'mcpgate-shared/entries/secret-extraction';
import { plainIssue } from 'mcpgate-shared/api/plain-issue';
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
const TokenSchema = z.union([
  z.string().transform((subject) => ({ subject, roles: [] as string[] })),
  z.looseObject({ subject: z.string(), roles: z.array(z.string()).default([]) }),
]);
type Token = z.output<typeof TokenSchema>;
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
type Acl = z.output<typeof AclSchema>;
const OverridesSchema = z.looseObject({
  read: z.array(z.string()).default([]),
  write: z.array(z.string()).default([]),
});
const FileSchema = z.looseObject({
  mcpServers: z.record(z.string(), z.unknown()).default({}),
  serverAuth: z
    .looseObject({
      bearer: z.looseObject({ tokens: z.record(z.string(), TokenSchema).default({}) }).optional(),
      acl: AclSchema.optional(),
    })
    .optional(),
});

const AUTH_KEYS = ['provider', 'providers', 'bearer', 'forwarded', 'acl'];

/** Where what is made of the access list goes to. */
interface Carried {
  list: RuleList;
  groups: Record<string, GroupForm>;
  left: string[];
  notes: string[];
  /** The server of that name, as it is called here. */
  serverNamed(given: string): string;
}

/** Throws `usage` for what is no such configuration. */
export function fromAvelino(value: unknown): Imported {
  const read = FileSchema.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    // The path may lead over a token, which is a key there.
    const path = issue?.path.map(String).filter((_each, at, all) => all[at - 1] !== 'tokens') ?? [];
    throw new GateError(
      'usage',
      `this is no configuration of avelino/mcp: ${path.join('.')}: ${issue === undefined ? 'it does not fit' : plainIssue(issue)}`,
    );
  }
  const { mcpServers, serverAuth } = read.data;
  const left: string[] = [];
  const notes: string[] = [];
  const { servers, secrets, renamed } = serversOf(mcpServers, left, notes);
  const list = createRuleList();
  const groups: Record<string, GroupForm> = {};
  const serverNamed = (given: string): string => renamed.get(given) ?? given;
  if (serverAuth !== undefined) {
    for (const key of Object.keys(serverAuth))
      if (!AUTH_KEYS.includes(key))
        left.push(
          `serverAuth.${key}: is not carried over; the configuration file of the broker says how people sign in`,
        );
    const tokens = Object.values(serverAuth.bearer?.tokens ?? {});
    if (tokens.length > 0)
      left.push(
        `serverAuth.bearer.tokens: ${tokens.length} tokens are not carried over; people log in with \`mcpgate login\`, machines get a \`mcpgate-broker grant issue\``,
      );
    if (saysForwarded(serverAuth))
      left.push('serverAuth.forwarded: a trusted proxy is set up in the configuration file of the broker');
    if (serverAuth.acl !== undefined) ofAcl(serverAuth.acl, tokens, { list, groups, left, notes, serverNamed });
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
): { servers: NonNullable<WrittenConfiguration['servers']>; secrets: string[]; renamed: Map<string, string> } {
  const renamed = new Map<string, string>();
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
    if (name !== given) {
      renamed.set(given, name);
      notes.push(`${at}: is called ${name} here`);
    }
    const { transport, found } = extractSecrets(name, draft.transport, { isTaken: (secret) => secrets.has(secret) });
    for (const each of found) secrets.add(each.name);
    const classes = classesOf(entry, at, left);
    servers[name] = {
      ...{ transport, ...(draft.enabled ? {} : { enabled: false }) },
      ...(classes !== undefined && { tool_classes: classes }),
    };
    notes.push(...draft.warnings);
  }
  return { servers, secrets: [...secrets], renamed };
}

/** What their record says that tools of a server do, before any classifier. Here names are said one by one. */
function classesOf(entry: unknown, at: string, left: string[]): { read: string[]; write: string[] } | undefined {
  const said: unknown = Object(entry)['tool_acl'];
  if (said === undefined) return undefined;
  const read = OverridesSchema.safeParse(said);
  if (!read.success) {
    left.push(`${at}.tool_acl: cannot be read`);
    return undefined;
  }
  const named = (kind: 'read' | 'write'): string[] => {
    const globs = read.data[kind].filter((each) => each.includes('*'));
    if (globs.length > 0)
      left.push(
        `${at}.tool_acl.${kind}: ${globs.join(', ')}: tools are named one by one here; \`mcpgate-broker server set NAME --${kind} TOOL\``,
      );
    return read.data[kind].filter((each) => !globs.includes(each));
  };
  const classes = { read: named('read'), write: named('write') };
  return classes.read.length + classes.write.length > 0 ? classes : undefined;
}

/** `providers` is how it is written today, `provider` how it was. */
function saysForwarded(serverAuth: Record<string, unknown>): boolean {
  const said = [serverAuth['provider'], serverAuth['providers']].flat();
  return said.includes('forwarded');
}

function ofAcl(acl: Acl, tokens: readonly Token[], carried: Carried): void {
  const { list, left } = carried;
  const at = 'serverAuth.acl';
  const hasRoles = Object.keys(acl.roles).length + Object.keys(acl.subjects).length > 0;
  if (acl.rules.length > 0 && hasRoles)
    throw new GateError('usage', `${at}: has rules, and roles or subjects besides, which avelino/mcp refuses, too`);
  if (acl.default === 'allow') list.add('default-allow', { effect: 'allow', who: ['*'], what: ['*'] });
  if (acl.strictClassification)
    left.push(
      `${at}.strictClassification: a tool that is not classified is denied to nobody for that here: it counts as one that writes`,
    );
  addGroups(acl, tokens, carried);
  if (acl.rules.length > 0) return legacy(acl, carried);
  for (const [role, grants] of Object.entries(acl.roles))
    for (const [index, grant] of grants.entries())
      ofGrant(grant, `group:${groupName(role)}`, role, `${at}.roles.${role}[${index}]`, carried);
  for (const [subject, { roles, extra }] of Object.entries(acl.subjects)) {
    for (const role of roles)
      if (!Object.hasOwn(acl.roles, role)) left.push(`${at}.subjects.${subject}: there is no role ${role}`);
    for (const [index, grant] of extra.entries())
      ofGrant(grant, `user:${subject}`, subject, `${at}.subjects.${subject}.extra[${index}]`, carried);
  }
}

/**
 * A role is a group: of those whose token has it, and of those for whom the list says so. One that nobody is said to have comes with a login there,
 * and so do groups here: it is not made, since that would empty it.
 */
function addGroups({ roles, rules, subjects }: Acl, tokens: readonly Token[], { groups, left, notes }: Carried): void {
  const having = [...tokens, ...Object.entries(subjects).map(([subject, said]) => ({ subject, roles: said.roles }))];
  const illegal = new Set<string>();
  for (const role of new Set([...Object.keys(roles), ...rules.flatMap((rule) => rule.roles)])) {
    if (role === '*') continue;
    const subjectsOfRole = [
      ...new Set(having.filter((each) => each.roles.includes(role)).map(({ subject }) => subject)),
    ];
    const members = subjectsOfRole.filter((subject) => isPerson(subject));
    for (const subject of subjectsOfRole) if (!isPerson(subject)) illegal.add(subject);
    const name = groupName(role);
    if (members.length > 0) groups[name] = { members: [...new Set([...(groups[name]?.members ?? []), ...members])] };
    else notes.push(`the role ${role}: nobody is named who has it; whoever is in the group ${name} has it here`);
  }
  for (const subject of illegal)
    left.push(
      `${subject}: nobody can be called so here; add the person under another name and put them into the group`,
    );
}

/**
 * In theirs the first rule that matches decides, and here a deny wins wherever it stands: whoever was allowed before it is an exception of it. Where
 * what they were allowed is not the same, that cannot be said, and the deny takes it away.
 */
function legacy({ rules }: Acl, { list, left, serverNamed }: Carried): void {
  const allowed: { at: string; who: string[]; tools: readonly string[]; isAll: boolean }[] = [];
  for (const [index, rule] of rules.entries()) {
    const at = `serverAuth.acl.rules[${index}]`;
    const people = rule.subjects.includes('*') ? [] : rule.subjects.map((each) => `user:${each}`);
    const groups = rule.roles.includes('*') ? [] : rule.roles.map((each) => `group:${groupName(each)}`);
    const tools = rule.tools.map((each) => toolsNamed(each, serverNamed));
    // Of people who are named and have a role besides, both must hold: WHO says the one, and a condition the other.
    const both = people.length > 0 && groups.length > 0;
    const inGroup = groups.map((each) => `${JSON.stringify(each.slice('group:'.length))} in user.groups`).join(' || ');
    const when = both ? { when: inGroup } : {};
    const who = both ? people : people.length + groups.length === 0 ? ['*'] : [...people, ...groups];
    if (rule.policy === 'allow') {
      allowed.push({ at, who, tools, isAll: !both });
      list.add(`allow-${index + 1}`, { effect: 'allow', who, what: tools, ...when });
      continue;
    }
    const covers = (each: (typeof allowed)[number]): boolean =>
      each.isAll && tools.every((tool) => each.tools.includes('*') || each.tools.includes(tool));
    for (const each of allowed)
      if (!covers(each))
        left.push(
          `${at}: ${each.at} stands before it and allows some of it; here the deny wins: look whether it takes that away`,
        );
    const except = [...new Set(allowed.flatMap((each) => (covers(each) ? each.who : [])))];
    // Nobody is left whom it would deny.
    if (except.includes('*')) continue;
    list.add(`deny-${index + 1}`, { effect: 'deny', who, what: tools, ...(except.length > 0 && { except }), ...when });
  }
}

function toolsNamed(pattern: string, serverNamed: (given: string) => string): string {
  const at = pattern.indexOf('__');
  return at <= 0 ? pattern : serverNamed(pattern.slice(0, at)) + pattern.slice(at);
}

/**
 * A grant is about tools, prompts and resources each by itself: those that it names, or all of them where it names none. `read` has prompts and
 * resources, and so has `*`; of the tools that it names it means those of its class.
 */
function ofGrant(grant: Grant, who: string, name: string, at: string, { list, left, serverNamed }: Carried): void {
  const { access, tools, resources, prompts, deny } = grant;
  const servers = grant.server.map(serverNamed);
  const isNarrow = tools.length + resources.length + prompts.length > 0;
  const reads = access !== 'write';
  const ofTools: string[] = [];
  const others: string[] = [];
  for (const server of servers) {
    if (!isNarrow && access === '*' && server === '*') others.push('*');
    else if (!isNarrow)
      others.push(...(access === '*' ? [`read:${server}`, `write:${server}`] : [`${access}:${server}`]));
    else {
      const uris = /^\d/.test(server) ? `n.${server}+` : `${server}+`;
      ofTools.push(...(tools.length > 0 ? tools : ['*']).map((tool) => `${server}__${tool}`));
      if (!reads) continue;
      others.push(...(prompts.length > 0 ? prompts : ['*']).map((prompt) => `prompt:${server}__${prompt}`));
      for (const uri of resources.length > 0 ? resources : ['*'])
        others.push(server === '*' ? `resource:${uri}` : `resource:${uris}${uri}`);
    }
  }
  const ending = deny ? 'deny' : access === '*' ? 'all' : access;
  const add = (things: readonly string[], more: Partial<RuleForm> = {}): void => {
    const fits = things.filter((each) => /^\S{1,300}$/.test(each));
    if (fits.length < things.length)
      left.push(`${at}: some of its patterns have spaces or are longer than 300 characters`);
    const all = [...new Set(fits)];
    for (let from = 0; from < all.length; from += MOST_PATTERNS)
      list.add(`${name}-${ending}`, {
        ...{ effect: deny ? 'deny' : 'allow', who: [who], what: all.slice(from, from + MOST_PATTERNS) },
        ...more,
      });
  };
  if (access === '*') return add([...ofTools, ...others]);
  add(ofTools, { when: `tool.class == "${access}"` });
  add(others);
}

/** What one rule may have. */
const MOST_PATTERNS = 100;

const groupName = (role: string): string => {
  const plain = role
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64);
  return plain === '' ? 'role' : plain;
};

const isPerson = (subject: string): boolean => /^[a-z0-9][a-z0-9._-]{0,63}$/.test(subject);
