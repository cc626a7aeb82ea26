// The register of groups. Rules allow by groups, so a change of members takes effect at once for the open sessions of these people.
import { may } from 'mcpgate-shared/api/roles';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import type { Audit } from '../../audit/audit.ts';
import type { Actor } from '../../domain/people/receipt.ts';
import type { UserRecord } from '../../domain/people/people.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import type { Store } from '../../store/store.ts';
import type { Changes } from './changes.ts';
import type { Groups, Users } from './registers.ts';
import { GroupNameSchema, parseOrUsage, requireUser } from './people.ts';
import { changeNotes } from '../../domain/change-notes.ts';

const members = (names: readonly string[] | undefined) => names && { members: names };

function assertAdministered(group: string, all: readonly UserRecord[], members: readonly string[]): void {
  const administrators = all.filter((user) => user.disabledAt === null && may(user.role, 'administer'));
  if (administrators.length === 0 || administrators.some(({ name }) => !members.includes(name))) return;
  throw new GateError(
    'conflict',
    `all administrators of this workspace are in the group ${group}: make somebody else an administrator first`,
  );
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

export function createGroups(parts: {
  store: Store;
  audit: Pick<Audit, 'event'>;
  clock: Clock;
  changes: Pick<Changes, 'tell'>;
  users: Pick<Users, 'disable'>;
}): Groups {
  const { store, audit, clock, changes, users } = parts;

  const show: Groups['show'] = async (workspaceId, name) => {
    const group = await store.groups.byName(workspaceId, name);
    if (group === undefined)
      throw new GateError(
        'not_found',
        `there is no group "${name}"; \`mcpgate-broker group list${inWorkspace(workspaceId)}\` shows them`,
      );
    return group;
  };
  const idsOf = async (workspaceId: string, names: readonly string[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const name of new Set(names)) ids.push((await requireUser(store, workspaceId, name)).id);
    return ids;
  };
  const changed = async (
    workspaceId: string,
    type: string,
    name: string,
    people: { ids: readonly string[]; names: readonly string[]; before: readonly string[] | undefined },
    actor: Actor,
  ): Promise<void> => {
    await changes.tell(people.ids);
    const now = await store.groups.byName(workspaceId, name);
    await audit.event({
      workspace_id: workspaceId,
      type,
      actor: actor.name,
      subject: `group:${name}`,
      address: actor.address,
      data: { users: people.names, ...changeNotes(members(people.before), members(now?.members)) },
    });
  };

  return {
    list: (workspaceId, part) => store.groups.list(workspaceId, part),
    show,
    async add(workspaceId, given, names, actor) {
      const name = parseOrUsage(GroupNameSchema, given);
      const ids = await idsOf(workspaceId, names);
      const before = (await store.groups.byName(workspaceId, name))?.members;
      await store.groups.add(workspaceId, name, ids);
      await changed(workspaceId, 'group.added_to', name, { ids, names, before }, actor);
      return show(workspaceId, name);
    },
    async take(workspaceId, name, names, actor) {
      const { members: before } = await show(workspaceId, name);
      const ids = await idsOf(workspaceId, names);
      await store.groups.take(workspaceId, name, ids);
      await changed(workspaceId, 'group.taken_from', name, { ids, names, before }, actor);
      return show(workspaceId, name);
    },
    async remove(workspaceId, name, actor) {
      const group = await show(workspaceId, name);
      const ids = await idsOf(workspaceId, group.members);
      await store.groups.remove(workspaceId, name);
      await changed(workspaceId, 'group.removed', name, { ids, names: group.members, before: group.members }, actor);
      return group;
    },
    async setOnCall(workspaceId, name, names, until, actor) {
      const { members, onCall } = await show(workspaceId, name);
      const ids = await idsOf(workspaceId, names);
      const strange = names.find((each) => !members.includes(each));
      if (strange !== undefined)
        throw new GateError(
          'usage',
          `${strange} is not in ${name}; \`group add ${name} ${strange}${inWorkspace(workspaceId)}\` puts them in`,
        );
      if (until !== null && until <= clock.now())
        throw new GateError('usage', `that time is over already: ${new Date(until).toISOString()}`);
      await store.groups.setOnCall(workspaceId, name, ids, until);
      await audit.event({
        workspace_id: workspaceId,
        type: 'group.on_call',
        actor: actor.name,
        subject: `group:${name}`,
        address: actor.address,
        data: {
          ...{ users: [...new Set(names)], until: timeOf(until) },
          ...changeNotes(
            { on_call: onCall.map(({ user }) => user), until: timeOf(onCall[0]?.until ?? null) },
            { on_call: [...new Set(names)], until: timeOf(until) },
          ),
        },
      });
      return show(workspaceId, name);
    },
    async disable(workspaceId, name, actor, demand) {
      const startedAt = clock.now();
      const { members } = await show(workspaceId, name);
      const all = await store.users.list(workspaceId);
      const wasDisabled = all
        .filter((user) => user.disabledAt !== null && members.includes(user.name))
        .map((user) => user.name);
      // Before the first of them, so that the group is not shut out in part.
      if (demand !== undefined) assertAdministered(name, all, members);
      const receipts = await Promise.all(members.map((member) => users.disable(workspaceId, member, actor, demand)));
      const sum = (key: 'links_closed' | 'calls_cancelled' | 'tokens_revoked' | 'accounts_revoked') =>
        receipts.reduce((total, receipt) => total + receipt[key], 0);
      const now = clock.now();
      const receipt = {
        subject: `group:${name}`,
        links_closed: sum('links_closed'),
        calls_cancelled: sum('calls_cancelled'),
        tokens_revoked: sum('tokens_revoked'),
        accounts_revoked: sum('accounts_revoked'),
        accounts_left: receipts.flatMap((each) => each.accounts_left),
        ms: Math.max(0, now - startedAt),
        at: new Date(now).toISOString(),
        last_calls: receipts.flatMap((each) => each.last_calls),
        unconfirmed: [...new Set(receipts.flatMap((each) => each.unconfirmed))],
        still_active: receipts.flatMap((each) => each.still_active),
        rules_removed: [],
        rules_narrowed: [],
      };
      const { subject, unconfirmed, links_closed, calls_cancelled, tokens_revoked, ms } = receipt;
      const counts = { links_closed, calls_cancelled, tokens_revoked, ms };
      const data = { ...counts, ...(unconfirmed.length > 0 && { unconfirmed }) };
      await audit.event({
        workspace_id: workspaceId,
        type: 'group.disabled',
        actor: actor.name,
        subject,
        address: actor.address,
        // Each of them has an event of their own besides.
        data: { ...data, users: members, ...changeNotes({ disabled: wasDisabled }, { disabled: members }) },
      });
      return receipt;
    },
  };
}
