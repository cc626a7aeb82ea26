// The operations on configuration as code: what there is as a configuration, what one would change, and all of that at once or nothing.
import {
  configApi,
  type AppliedConfiguration,
  type ConfigurationPlan,
  type PlannedChange,
} from 'mcpgate-shared/api/config/config-api';
import { type Configuration, ConfigurationSchema } from 'mcpgate-shared/api/config/configuration';
import { GateError } from 'mcpgate-shared/error';
import type { PreparedSource } from '../../store/secret-source.ts';
import type { Store } from '../../store/store.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { eventBy, operation, type Operation } from '../operation.ts';
import { doubtsAbout } from '../rules/doubts.ts';
import { knownWorld } from '../rules/known-world.ts';
import { carryOut } from './carry-out.ts';
import { gainsBetween, type Standing } from './gains.ts';
import { insideOf } from './mistaken.ts';
import { managedView } from './managed-view.ts';
import { outlineOf } from './outline.ts';
import { planned, type Change, type Planned } from './planner.ts';
import { presentState } from './present-things.ts';
import { fieldChanges } from './field-changes.ts';
import { canonicalText, digestOf, labelOf, pathOf, versionOf, writtenOf } from './things.ts';
import { together } from './together.ts';
import { keepUntold, tellKept } from './untold-events.ts';
import { assertThere, orderOf, wantedThings } from './wanted-things.ts';

/** Ends a transaction in which something was only tried. */
class Tried extends Error {}

interface Asked {
  configuration: Configuration;
  source: string;
  take_over: string[];
}

export function configurationOperations(outside: AdminDependencies): Operation[] {
  const { store, vault, clock } = outside;

  /** The plan, and what is read of sources for it; nothing is locked meanwhile. */
  async function prepared({ configuration, source, take_over: takeOver }: Asked, workspaceId: string, on: Store) {
    const managedBy = configuration.name ?? source;
    const state = await presentState(on, workspaceId);
    const wanted = wantedThings(configuration);
    assertThere(wanted, state.things, workspaceId);
    const plan = planned(state, wanted, { managedBy, takeOver });
    return { managedBy, version: versionOf(state), plan };
  }

  async function sourcesOf(
    { secrets = {} }: Configuration,
    { changes }: Planned,
    workspaceId: string,
  ): Promise<ReadonlyMap<string, PreparedSource>> {
    const sources = new Map<string, PreparedSource>();
    for (const { kind, name, after } of changes) {
      const form = secrets[name];
      if (kind !== 'secret' || after === undefined || form === undefined) continue;
      const read = () => vault.sources.prepare(workspaceId, name, orderOf(form));
      sources.set(name, await insideOf(labelOf(kind, name), pathOf(kind, name), read));
    }
    return sources;
  }

  const view = (
    { managedBy, version, plan }: { managedBy: string; version: string; plan: Planned },
    seen: Pick<ConfigurationPlan, 'warnings' | 'preview'>,
  ): ConfigurationPlan => {
    const changes = plan.changes.map(toPlanned);
    const count = (action: PlannedChange['action']): number => changes.filter((each) => each.action === action).length;
    return {
      ...{ managed_by: managedBy, version, changes },
      counts: { add: count('add'), change: count('change'), remove: count('remove') },
      drift: plan.drift.map(({ kind, name, isGone, fields }) => ({ kind, name, gone: isGone, fields })),
      taken_over: plan.takenOver.map(({ kind, name }) => labelOf(kind, name)),
      released: plan.released.map(({ kind, name }) => labelOf(kind, name)),
      ...seen,
    };
  };

  return [
    operation(configApi.export, async (_input, { workspaceId }) => {
      const state = await store.atomically((inside) => presentState(inside, workspaceId));
      const configuration = ConfigurationSchema.parse(exported(writtenOf(state.things)));
      return { version: versionOf(state), configuration };
    }),
    operation(configApi.managed, async (_input, { workspaceId }) =>
      managedView(await store.atomically((inside) => presentState(inside, workspaceId))),
    ),
    operation(configApi.plan, async ({ body }, caller) => {
      const { workspaceId } = caller;
      const first = await prepared(body, workspaceId, store);
      const sources = await sourcesOf(body.configuration, first.plan, workspaceId);
      // It is done, looked at and undone: what would refuse it refuses it here.
      let seen: { made: Awaited<ReturnType<typeof prepared>>; before: Standing; after: Standing } | undefined;
      await store
        .atomically(async (inside) => {
          await inside.managed.hold(workspaceId);
          const made = await prepared(body, workspaceId, inside);
          const { needs } = together(outside, inside);
          const before = await standing(needs, workspaceId);
          if (made.version === first.version)
            await carryOut(
              needs,
              caller,
              orderFor(body.configuration, made, sources, () => undefined),
            );
          seen = { made, before, after: await standing(needs, workspaceId) };
          throw new Tried();
        })
        .catch((error: unknown) => {
          if (!(error instanceof Tried)) throw error;
        });
      if (seen === undefined || seen.made.version !== first.version) throw changedMeanwhile();
      const { made, before, after } = seen;
      const isAboutAccess = made.plan.changes.some(({ kind }) => kind !== 'secret');
      const preview = isAboutAccess ? await gainsBetween(before, after, clock.now()) : null;
      const warnings = [...warningsOfName(body, made), ...warningsOf(made.plan.changes, after)];
      return view(made, { warnings, preview });
    }),
    operation(configApi.apply, async ({ body }, caller): Promise<AppliedConfiguration> => {
      const { workspaceId } = caller;
      const { configuration, version, files } = body;
      const first = await prepared(body, workspaceId, store);
      if (first.version !== version) throw changedMeanwhile();
      const sources = await sourcesOf(configuration, first.plan, workspaceId);
      const digest = digestOf(configuration);
      const { made, tell, secrets, events, batch } = await store.atomically(async (inside) => {
        await inside.managed.hold(workspaceId);
        const made = await prepared(body, workspaceId, inside);
        if (made.version !== version) throw changedMeanwhile();
        const secrets: string[] = [];
        const { needs, tell, events: edits } = together(outside, inside);
        const order = orderFor(configuration, made, sources, (name) => void secrets.push(name));
        await carryOut(needs, caller, order);
        await own(inside, workspaceId, made.managedBy, made.plan);
        const { add, change, remove } = view(made, NOTHING_SEEN).counts;
        const changed = made.plan.changes.map(({ kind, name }) => labelOf(kind, name));
        const applied = {
          type: 'config.applied',
          subject: `configuration:${made.managedBy}`,
          data: { digest, files, add, change, remove, version, changed },
        };
        const events = [...edits, eventBy(caller, applied)];
        return { made, tell, secrets, events, batch: await keepUntold(inside, clock, workspaceId, events) };
      });
      await tell(workspaceId);
      for (const name of secrets) vault.elsewhere.changed({ workspaceId, name });
      await tellKept(outside, batch, events);
      return { ...view(made, NOTHING_SEEN), digest };
    }),
  ];

  async function standing(needs: AdminDependencies, workspaceId: string): Promise<Standing> {
    const policy = await needs.store.policy.snapshot(workspaceId);
    return { policy, world: await knownWorld(needs, workspaceId) };
  }

  function warningsOf(changes: readonly Change[], { policy, world }: Standing): string[] {
    const isPut = (id: string): boolean =>
      changes.some(({ kind, name, after }) => kind === 'rule' && name === id && after !== undefined);
    return policy.rules
      .filter(({ id }) => isPut(id))
      .flatMap((rule) => doubtsAbout(rule, world, clock.now()).warnings.map((each) => `rule ${rule.id}: ${each}`));
  }
}

/** Folders in which such files lie often have the same name, and each would take out what the other has put. */
function warningsOfName({ configuration, source }: Asked, { plan }: { plan: Planned }): string[] {
  if (configuration.name !== undefined || !plan.isOther) return [];
  return [
    `nothing here is what ${source} has managed until now: where this is another configuration, in a file or folder of the same name, write a \`name:\` of its own in it, or it takes out what the other one has put`,
  ];
}

const NOTHING_SEEN = { warnings: [], preview: null };

const orderFor = (
  configuration: Configuration,
  { managedBy, plan: { changes } }: { managedBy: string; plan: Planned },
  sources: ReadonlyMap<string, PreparedSource>,
  secretChanged: (name: string) => void,
) => ({ configuration, managedBy, changes, sources, secretChanged });

/** From now on the configuration manages what it says, and nothing else. */
async function own(inside: Store, workspaceId: string, managedBy: string, plan: Planned): Promise<void> {
  const left = plan.changes.filter(
    ({ kind, name }) => !plan.managed.some((each) => each.kind === kind && each.name === name),
  );
  for (const { kind, name } of [...left, ...plan.released, ...plan.forgotten])
    await inside.managed.forget(workspaceId, { kind, name });
  // The record of a hook says itself what it is managed by.
  for (const { kind, name } of plan.takenOver)
    if (kind === 'hook') await manageHook(inside, workspaceId, name, managedBy);
  for (const { kind, name } of plan.released) if (kind === 'hook') await manageHook(inside, workspaceId, name, null);
  for (const { kind, name, thing } of plan.managed)
    await inside.managed.put(workspaceId, { kind, name, managedBy, applied: canonicalText(thing) });
}

async function manageHook(inside: Store, workspaceId: string, name: string, managedBy: string | null): Promise<void> {
  await inside.hooks.update(workspaceId, name, (hook) => ({ ...hook, managedBy }));
}

const changedMeanwhile = (): GateError =>
  new GateError(
    'stale',
    'somebody has changed servers, rules, people or secrets since this plan was made; nothing was applied: make a plan anew',
  );

function toPlanned({ kind, name, before, after, isDrift }: Change): PlannedChange {
  const action = before === undefined ? 'add' : after === undefined ? 'remove' : 'change';
  return {
    ...{ kind, name, action, drift: isDrift },
    summary: outlineOf(kind, after ?? before ?? {}),
    fields: action === 'change' ? fieldChanges(kind, name, before, after) : [],
  };
}

/** Without what nobody would write: people who have no role to speak of, and bundles of which nothing is left. */
function exported({ people = {}, bundles = {}, ...rest }: Record<string, unknown>): Record<string, unknown> {
  const kept = (named: unknown, isKept: (thing: object) => boolean): Record<string, unknown> =>
    Object.fromEntries(Object.entries(Object(named)).filter(([, thing]) => isKept(Object(thing))));
  return {
    ...rest,
    people: kept(people, (person) => Reflect.get(person, 'role') !== 'member'),
    bundles: kept(bundles, (bundle) => {
      const tools: unknown = Reflect.get(bundle, 'tools');
      return Array.isArray(tools) && tools.length > 0;
    }),
  };
}
