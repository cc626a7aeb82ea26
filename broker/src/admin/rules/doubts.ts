// What of a rule matches nobody or nothing that is known today, and what may have been meant. The policy itself is asked whether it matches.
import { RoleSchema } from 'mcpgate-shared/api/fields';
import { nearest } from 'mcpgate-shared/nearest';
import { PLAIN_RULE, type NewRule, type Rule } from '../../domain/rule.ts';
import { CONNECT } from '../../policy/connecting.ts';
import { compileGlob } from '../../policy/glob.ts';
import { splitName } from '../../policy/naming.ts';
import { scopeOfRules, type Thing } from '../../policy/previews/access.ts';
import { doubtsAboutConditions } from './condition-doubts.ts';
import type { Question } from '../../policy/verdict.ts';
import { type KnownWorld, MOST_JUDGED } from './known-world.ts';

/** What is said of a new rule: people and groups that do not exist yet, and sentences about whatever matches nothing. */
export function doubtsAbout(
  rule: Pick<Rule, 'effect' | 'who' | 'except' | 'what' | 'approvers' | 'when' | 'limits'>,
  world: KnownWorld,
  now: number,
): { nobody_yet: string[]; warnings: string[] } {
  const { who, except, what, approvers } = rule;
  const named = [...new Set([...who, ...except, ...approvers])];
  const there = [...world.users.values()].map(({ name }) => `user:${name}`);
  const groups = ['group:', 'on-call:'].flatMap((head) => world.groups.map((name) => head + name));
  const exact = [...there, ...groups];
  const nobodyYet = named.filter((each) => /^(?:user|group|on-call):[^*?]+$/.test(each) && !exact.includes(each));
  return {
    nobody_yet: nobodyYet,
    warnings: [
      ...nobodyYet.map(
        (each) => `there is no ${each} yet; the rule waits for the first one of that name${meant(each, exact)}`,
      ),
      ...named.filter((each) => !nobodyYet.includes(each)).flatMap((each) => aboutWho(each, world, now)),
      ...(rule.effect === 'allow' ? [...new Set(who)].flatMap(aboutClaim) : []),
      ...[...new Set(what)].flatMap((each) => aboutWhat(each, world, now)),
      ...doubtsAboutConditions(rule, world.things, now),
    ],
  };
}

/** Of a thing that no server is known to offer. */
export function doubtsAboutThing(what: string, world: KnownWorld): string[] {
  return /[*?]/.test(what) || what.startsWith('bundle:') ? [] : aboutWhat(what, world, 0);
}

/** Of a word or glob of WHAT that nothing is known by. */
export const doubtsAboutWord = (what: string, world: KnownWorld): string[] => aboutWhat(what, world, 0);

/** Of rules about a thing and its caller whose conditions do not fit it. */
export function doubtsAboutRules(
  rules: readonly Rule[],
  what: string,
  { things }: KnownWorld,
  { principal, facts: { now } }: Pick<Question, 'principal' | 'facts'>,
): string[] {
  const asked = things.filter(({ name }) => name === what);
  const meant = rules.filter((rule) => scopeOfRules([rule], now).isAboutPerson({ principal }));
  return meant.flatMap((rule) => doubtsAboutConditions(rule, asked, now).map((each) => `rule ${rule.id}: ${each}`));
}

const meant = (word: string, candidates: readonly string[]): string => {
  const kind = word.slice(0, word.indexOf(':') + 1);
  const near = nearest(
    word.slice(kind.length),
    candidates.filter((each) => each.startsWith(kind)).map((each) => each.slice(kind.length)),
  );
  return near === undefined ? '' : `; did you mean ${kind}${near}?`;
};

const probe = (of: Partial<NewRule>): Rule => ({
  ...PLAIN_RULE,
  ...{ id: 'probe', effect: 'allow', who: ['*'], what: ['*'], createdAt: 0, createdBy: '' },
  ...of,
});

const isTemplate = ({ ways }: Thing): boolean => ways.some(([own]) => own.startsWith('resource:'));

/** Devices, clients and networks are not known beforehand. */
function aboutWho(who: string, { people, grants }: KnownWorld, now: number): string[] {
  if (/^(?:\*$|self$|on-call:|device:|client:|net:)/.test(who)) return [];
  const { isAboutPerson } = scopeOfRules([probe({ who: [who] })], now);
  if (people.some(isAboutPerson)) return [];
  if (who.startsWith('grant:')) {
    const labels = grants.filter(({ state }) => state === 'active').map(({ label }) => `grant:${label}`);
    return labels.includes(who) ? [] : [`${who} is nobody today${meant(who, labels)}`];
  }
  return [
    `${who} is nobody today${meant(
      who,
      RoleSchema.options.map((role) => `role:${role}`),
    )}`,
  ];
}

/** Of an allow that holds for whoever says so of themselves. */
function aboutClaim(who: string): string[] {
  const [, kind, name = ''] = /^(device|client):(.*)$/s.exec(who) ?? [];
  if (kind === undefined) return [];
  const [says, member] = kind === 'device' ? ['laptops say', 'client.device'] : ['AI clients say', 'client.name'];
  const isPlain = /^[\w .-]+$/.test(name);
  return [
    `${who} is what ${says} of themselves, so anybody can come by this allow; say who may with user: or group:, and --when '${member}${isPlain ? ` == "${name}"` : '…'}'`,
  ];
}

function aboutWhat(what: string, world: KnownWorld, now: number): string[] {
  const { isAboutThing } = scopeOfRules([probe({ what: [what] })], now);
  const glob = compileGlob(what);
  const isNamed = ({ ways }: Thing) => ways.some((names) => names.some((name) => glob.matches(name)));
  // Any rule may be about a template, as its URIs have many spellings: it is known by its names alone here.
  const isMeant = (thing: Thing) =>
    isTemplate(thing) || world.things.length > MOST_JUDGED ? isNamed(thing) : isAboutThing(thing);
  // What is read under a URI is not listed beforehand.
  if (what.startsWith('resource:') || what.startsWith('event:') || world.things.some(isMeant)) return [];
  const names = world.servers.map(({ name }) => name);
  const [, head = '', rest = ''] = /^(bundle:|read:|write:|prompt:)?(.*)$/s.exec(what) ?? [];
  if (head === 'bundle:') {
    if (world.bundles.some(({ name }) => name === rest)) return [];
    return [
      `${what} matches no bundle today${meant(
        what,
        world.bundles.map(({ name }) => `bundle:${name}`),
      )}`,
    ];
  }
  const isClass = head === 'read:' || head === 'write:';
  const split = isClass ? { server: rest, rest: '' } : splitName(rest);
  const things = head === 'prompt:' ? 'prompts' : 'tools';
  if (split === undefined) {
    if (names.length === 0) return [`${what}: 0 ${things}; there is no server yet`];
    const near = nearWord(rest, head, world);
    return [`${what}: 0 ${things}; write SERVER__TOOL${near === undefined ? '' : `; did you mean ${near}?`}`];
  }
  const { server, rest: own } = split;
  // The tool of mcpgate itself that connects an account there.
  if (own === CONNECT && names.includes(server)) return [];
  if (/[*?]/.test(server)) return [`${what}: 0 ${things} today`];
  if (!names.includes(server)) {
    const near = nearest(server, names);
    return [`${server}: ${near === undefined ? 'there is no such server;' : `did you mean ${near}?`} 0 ${things}`];
  }
  if (world.neverListed.includes(server))
    return [
      `${server} has never been listed, so nobody knows its ${things} yet; ${
        world.servers.some(({ name, credential }) => name === server && credential === 'personal')
          ? 'they are known once somebody uses it with their account'
          : `\`mcpgate-broker server test ${server}\` lists them`
      }`,
    ];
  const near = isClass
    ? undefined
    : nearest(
        own,
        world.things.flatMap(({ name }) => {
          const known = splitName(name.startsWith(head) ? name.slice(head.length) : '');
          return known?.server === server ? [known.rest] : [];
        }),
      );
  return [`${what}: 0 ${things} today${near === undefined ? '' : `; did you mean ${head}${server}__${near}?`}`];
}

const HEADS = ['read', 'write', 'bundle', 'prompt', 'resource', 'event'];
const MOST_NAMED = 3;

/** Of a word without `__`: what has it as its own name, a server and a tool with another sign between them, a head that is misspelled, or a server alone. */
function nearWord(word: string, head: string, { servers, things }: KnownWorld): string | undefined {
  const names = servers.map(({ name }) => name);
  const own = things.filter((each) => each.own === word && each.bundle === undefined && each.name.startsWith(head));
  if (own.length > 0)
    return own
      .slice(0, MOST_NAMED)
      .map(({ name }) => name)
      .join(' or ');
  const [, first = '', sign, second = ''] = /^([^.:/]+)([.:/]{1,2})(.+)$/s.exec(word) ?? [];
  const server = names.find((name) => name === first) ?? nearest(first, names);
  if (sign !== undefined && server !== undefined) return `${head}${server}__${second}`;
  const meantHead = sign === ':' ? nearest(first, HEADS) : undefined;
  if (meantHead !== undefined) return `${meantHead}:${second}`;
  const alone = names.find((name) => name === word) ?? nearest(word.replaceAll(/[*?_]+$/g, ''), names);
  return alone === undefined ? undefined : `${head}${alone}__*`;
}
