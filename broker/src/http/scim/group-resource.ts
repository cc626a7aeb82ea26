// A group as SCIM's Group (RFC 7643, section 4.2).
import type { ProvisionedTeam, TeamChange } from '../../identity/provisioning/provisioning.ts';
import type { Edit } from './scim-edits.ts';
import { readFilter } from './scim-filter.ts';
import { itemsOf, textOf, textOrNull } from './scim-values.ts';

export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';

export function toGroupResource(
  team: ProvisionedTeam,
  members: readonly { id: string; name: string }[] | undefined,
  baseUrl: string,
): Record<string, unknown> {
  const { id, displayName, externalId, createdAt } = team;
  return {
    schemas: [GROUP_SCHEMA],
    id,
    ...(externalId !== null && { externalId }),
    displayName,
    ...(members && {
      members: members.map((member) => ({
        value: member.id,
        display: member.name,
        type: 'User',
        $ref: `${baseUrl}/Users/${member.id}`,
      })),
    }),
    meta: {
      resourceType: 'Group',
      created: new Date(createdAt).toISOString(),
      location: `${baseUrl}/Groups/${id}`,
    },
  };
}

/** The edits one after the other, as one change. */
export function toTeamChange(edits: readonly Edit[]): TeamChange {
  const change: TeamChange = {};
  const [add, take] = [new Set<string>(), new Set<string>()];
  let set: string[] | undefined;
  let isAboutMembers = false;
  for (const { op, attribute, filter, value } of edits) {
    if (attribute === 'displayname') change.displayName = textOf(op === 'remove' ? null : value, attribute);
    else if (attribute === 'externalid') change.externalId = textOrNull(op === 'remove' ? null : value, attribute);
    if (attribute !== 'members') continue;
    isAboutMembers = true;
    const named = readFilter(filter, ['value'])?.value;
    const ids = named === undefined ? idsOf(value) : [named];
    const isWhole = op === 'replace' || (op === 'remove' && named === undefined && value === undefined);
    if (isWhole) {
      set = op === 'remove' ? [] : ids;
      add.clear();
      take.clear();
      continue;
    }
    for (const id of ids) {
      (op === 'add' ? add : take).add(id);
      (op === 'add' ? take : add).delete(id);
    }
  }
  if (isAboutMembers) change.members = { ...(set && { set }), add: [...add], take: [...take] };
  return change;
}

function idsOf(value: unknown): string[] {
  return itemsOf(value, 'members').map((item) => textOf(item['value'], 'members.value'));
}
