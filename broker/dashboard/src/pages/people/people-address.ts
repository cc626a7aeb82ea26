// What stands in the address of the page of people.
import { RoleSchema } from 'mcpgate-shared/api/fields';
import { z } from 'zod';

const optional = <S extends z.ZodType>(schema: S) => schema.optional().catch(undefined);

export const PEOPLE_TABS = ['people', 'groups', 'devices', 'grants', 'sessions'] as const;
export type PeopleTab = (typeof PEOPLE_TABS)[number];

export const USER_STATES = ['connected', 'away', 'invited', 'disabled'] as const;
export type UserState = (typeof USER_STATES)[number];

export const PeopleSearchSchema = z.object({
  tab: optional(z.enum(PEOPLE_TABS)),
  q: optional(z.string()),
  role: optional(RoleSchema),
  state: optional(z.enum(USER_STATES)),
  /** Of people: those in this group; of the tab of groups: the one that is open. */
  group: optional(z.string()),
  /** The column, with `-` before it where it runs down. */
  sort: optional(z.string().regex(/^-?[a-z]+$/)),
  /** Also what has ended: revoked devices, grants that are good no more. */
  ended: optional(z.boolean()),
});
export type PeopleSearchValue = z.output<typeof PeopleSearchSchema>;
