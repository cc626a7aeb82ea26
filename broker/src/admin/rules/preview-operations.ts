// The operations that show what rules do and would do: a change that is tried out, and who may do what. They change nothing.
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  MOST_NAMES,
  previewsApi,
  type AccessChange,
  type Matrix,
  type Replay,
} from 'mcpgate-shared/api/rules/previews';
import { GateError } from 'mcpgate-shared/error';
import { didYouMean } from 'mcpgate-shared/nearest';
import type { z } from 'zod';
import { compileGlob } from '../../policy/glob.ts';
import type { PolicySnapshot } from '../../domain/rule.ts';
import {
  accessUnder,
  decisionsOf,
  directionOf,
  isOther,
  rulesOf,
  scopeOfRules,
  type Person,
} from '../../policy/previews/access.ts';
import { ANY_CALL, foreseePolicy, RECORDED_CALL } from '../../policy/previews/possible-verdicts.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { operation, type Operation } from '../operation.ts';
import { approverDoubts } from './approver-doubts.ts';
import { doubtsAbout, doubtsAboutWord } from './doubts.ts';
import { createFolder } from './folded.ts';
import { knownWorld, type KnownWorld } from './known-world.ts';
import { createCallReader } from './recorded-calls.ts';
import { replay } from './replay.ts';
import { policyAfter, type ChangedPolicy } from './rule-change.ts';
import { suggestion } from './suggestion.ts';

type Needs = Pick<AdminDependencies, 'store' | 'people' | 'clock' | 'audit'>;

/** How many pairs of a person and a thing one request looks at, and how many before others have their turn. */
const MOST_CELLS = 2_000_000;
const IN_ONE_TURN = 500;
const MOST_LINES = 5_000;
const MOST_CALLS = 5_000_000;

const partOf = <T>(all: readonly T[], from = 0, most = all.length): T[] => all.slice(from, from + most);

export function previewOperations({ store, people, clock, audit }: Needs): Operation[] {
  const callsSince = (workspaceId: string, since: string) =>
    audit.calls({ workspaceId, since: Date.parse(since), until: clock.now() + 1 });

  async function replayed(
    workspaceId: string,
    since: string,
    world: KnownWorld,
    [before, { after, about }]: [PolicySnapshot, ChangedPolicy],
  ): Promise<Replay> {
    const now = clock.now();
    const readsTime = [...before.rules, ...after.rules].some(({ when }) => when !== undefined && /\btime\b/.test(when));
    const policies = {
      before: foreseePolicy(before, now, RECORDED_CALL),
      after: foreseePolicy(after, now, RECORDED_CALL),
      scope: about && scopeOfRules(about, now),
      readsTime,
    };
    const reader = createCallReader(world, workspaceId);
    const limits = { since: new Date(since).toISOString(), mostCalls: MOST_CALLS };
    return await replay(callsSince(workspaceId, since), reader, policies, limits);
  }

  return [
    operation(previewsApi.preview, async ({ body: { change, since } }, { workspaceId }) => {
      const now = clock.now();
      const [world, stored] = await Promise.all([
        knownWorld({ store, people }, workspaceId),
        store.policy.snapshot(workspaceId),
      ]);
      // Where rules deny nothing now, what they would do is what is asked for.
      const asEnforced = change.kind !== 'enforcement' && stored.enforcement !== 'enforce';
      const before: PolicySnapshot = asEnforced ? { ...stored, enforcement: 'enforce' } : stored;
      const changed = policyAfter(before, change, { workspaceId, now });
      const { access, leftOut } = await accessChanged(before, changed, world, now);
      const missing = await approverDoubts({ store, clock }, workspaceId, changed.added);
      const doubts = changed.added.flatMap((rule, at) =>
        [missing[at], ...doubtsAbout(rule, world, now).warnings].flatMap((each) =>
          each === undefined ? [] : [changed.added.length === 1 ? each : `${rule.id}: ${each}`],
        ),
      );
      return {
        policy_version: stored.version,
        as_enforced: asEnforced,
        warnings: doubts,
        people: world.people.length,
        things: world.things.length,
        never_listed: [...world.neverListed],
        access,
        left_out: leftOut,
        replay: since === undefined ? null : await replayed(workspaceId, since, world, [before, changed]),
      };
    }),
    operation(previewsApi.names, async (_input, { workspaceId }) => {
      const [users, groups, grants] = await Promise.all([
        people.users.list(workspaceId),
        people.groups.list(workspaceId),
        people.grants.list(workspaceId),
      ]);
      const first = (names: readonly string[]): string[] => names.toSorted().slice(0, MOST_NAMES);
      return {
        people: first([
          ...users.filter(({ disabledAt }) => disabledAt === null).map(({ name }) => `user:${name}`),
          ...grants
            .filter(({ user, state }) => user === null && state === 'active')
            .map(({ label }) => `grant:${label}`),
        ]),
        groups: first(groups.map(({ name }) => name)),
      };
    }),
    operation(previewsApi.matrix, ({ query }, { workspaceId }) =>
      ruleMatrix({ store, people, clock }, workspaceId, { ...query, mostCells: MOST_CELLS }),
    ),
    operation(previewsApi.suggest, async ({ query: { since } }, { workspaceId }) => {
      const [world, snapshot] = await Promise.all([
        knownWorld({ store, people }, workspaceId),
        store.policy.snapshot(workspaceId),
      ]);
      return await suggestion(callsSince(workspaceId, since), world, snapshot, {
        ...{ workspaceId, since: new Date(since).toISOString(), now: clock.now(), mostCalls: MOST_CALLS },
      });
    }),
  ];
}

async function accessChanged(
  before: PolicySnapshot,
  { after, about }: ChangedPolicy,
  world: KnownWorld,
  now: number,
): Promise<{ access: AccessChange[]; leftOut: number }> {
  const scope = about && scopeOfRules(about, now);
  const people = world.people.filter((person) => scope?.isAboutPerson(person) ?? true);
  const things = world.things.filter((thing) => scope?.isAboutThing(thing) ?? true);
  const next = foreseePolicy(after, now, ANY_CALL);
  const folder = createFolder<Pick<AccessChange, 'before' | 'after' | 'rules'>>();
  let cells = 0;
  for (const { person, thing, possible } of accessUnder(foreseePolicy(before, now, ANY_CALL), people, things, now)) {
    if (++cells % IN_ONE_TURN === 0) await nextTurn();
    if (cells > MOST_CELLS) break;
    const facts = { now, client: { name: null, version: null }, address: undefined };
    const then = next.judge({ principal: person.principal, server: thing.server, facts }, thing.ways);
    if (!isOther(possible, then)) continue;
    folder.add(person.name, thing.name, {
      before: decisionsOf(possible),
      after: decisionsOf(then),
      rules: rulesOf(then),
    });
  }
  const lines = folder.lines().map(({ label, who, what }): AccessChange => ({
    direction: directionOf(label.before, label.after),
    ...{ who, what },
    ...label,
  }));
  const beyond = Math.max(0, people.length * things.length - MOST_CELLS);
  const hidden = lines.slice(MOST_LINES).reduce((sum, { who, what }) => sum + who.length * what.length, 0);
  return { access: lines.slice(0, MOST_LINES), leftOut: beyond + hidden };
}

export interface AskedMatrix extends z.output<typeof previewsApi.matrix.query> {
  /** More pairs are too many. */
  mostCells?: number;
}

/** Throws `not_found` for a group that is not there, and for a person unless a part is asked for. */
export async function ruleMatrix(
  { store, people, clock }: Pick<AdminDependencies, 'store' | 'people' | 'clock'>,
  workspaceId: string,
  { user, group, server, tool, mostCells = Number.POSITIVE_INFINITY, ...part }: AskedMatrix,
): Promise<Matrix> {
  const [world, snapshot] = await Promise.all([
    knownWorld({ store, people }, workspaceId),
    store.policy.snapshot(workspaceId),
  ]);
  if (group !== undefined && !world.groups.includes(group))
    throw new GateError(
      'not_found',
      `there is no group ${group}${didYouMean(group, world.groups) || ';'} \`group list\` shows them`,
    );
  const isCalled = compileGlob(user ?? '*').matches;
  const isAsked = ({ name, principal }: Person): boolean =>
    (isCalled(name) || isCalled(name.replace(/^user:/, ''))) &&
    (group === undefined || principal.user?.groups.includes(group) === true);
  const allPeople = world.people.filter(isAsked);
  const isPart = Object.values(part).some((each) => each !== undefined);
  if (user !== undefined && allPeople.length === 0 && !isPart)
    throw new GateError('not_found', nobodyCalled(user, group, world));
  // A tool's own name is understood, as in calls.
  const { matches } = compileGlob(tool ?? '*');
  const allThings = world.things.filter(
    (thing) => (matches(thing.name) || thing.own === tool) && (server === undefined || thing.server === server),
  );
  if (tool !== undefined && allThings.length === 0 && !isPart)
    throw new GateError(
      'not_found',
      [`nothing that is known is called ${tool}`, ...doubtsAboutWord(tool, world)].join('; '),
    );
  const those = isPart ? partOf(allPeople, part.people_from, part.people_most) : allPeople;
  const things = isPart ? partOf(allThings, part.things_from, part.things_most) : allThings;
  if (those.length * things.length > mostCells)
    throw new GateError(
      'too_large',
      `${those.length} people and ${things.length} things are too many at once; say --user, --group or --tool`,
    );
  const folder = createFolder<{ decisions: ReturnType<typeof decisionsOf>; rules: string[] }>();
  let cells = 0;
  const policy = foreseePolicy(snapshot, clock.now(), ANY_CALL);
  for (const { person, thing, possible } of accessUnder(policy, those, things, clock.now())) {
    if (++cells % IN_ONE_TURN === 0) await nextTurn();
    folder.add(person.name, thing.name, { decisions: decisionsOf(possible), rules: rulesOf(possible) });
  }
  return {
    policy_version: snapshot.version,
    enforcement: snapshot.enforcement,
    people: allPeople.length,
    things: allThings.length,
    never_listed: [...world.neverListed],
    rows: folder.lines().map(({ label, who, what }) => ({ who, what, ...label })),
    ...(isPart && { shown: { who: those.map(({ name }) => name), what: things.map(({ name }) => name) } }),
  };
}

function nobodyCalled(user: string, group: string | undefined, { people }: KnownWorld): string {
  const names = people.map(({ name }) => name.replace(/^user:/, ''));
  if (group !== undefined && names.includes(user)) return `${user} is not in group ${group}`;
  return `there is no ${user} among those who may call anything${didYouMean(user, names) || ';'} \`user list\` shows people, \`grant list\` grants`;
}
