// Groups of people, for rules.
import { z } from 'zod';
import { listEndpoint } from './lists/list-endpoint.ts';
import { endpoint } from './endpoint.ts';
import { GroupNameSchema, ManagedBySchema, NameParams, ReceiptSchema, TimeSchema } from './fields.ts';

export const GroupSchema = z
  .object({
    name: z.string(),
    members: z.array(z.string()),
    on_call: z
      .array(z.object({ user: z.string(), until: TimeSchema.nullable() }))
      .default([])
      .meta({ description: 'Who of them is on call now, for `on-call:GROUP` as approver' }),
    bundle: z.string().nullable().default(null).meta({
      description: 'The bundle that its people get where they ask for nothing else',
    }),
    managed_by: ManagedBySchema,
  })
  .meta({ id: 'Group' });
export type Group = z.output<typeof GroupSchema>;

const UserNames = z.array(z.string().min(1).max(64)).max(1000);

export const groupsApi = {
  list: listEndpoint({
    name: 'listGroups',
    path: '/groups',
    summary: 'All groups with their members',
    access: 'auditor',
    item: GroupSchema,
    key: 'name',
    texts: ['name'],
  }),
  add: endpoint({
    name: 'addToGroup',
    method: 'POST',
    path: '/groups',
    summary:
      'Put people into a group, which is made where it does not exist; holds at once for those who are connected',
    body: z.strictObject({ name: GroupNameSchema, users: UserNames.default([]) }),
    answer: GroupSchema,
  }),
  show: endpoint({
    name: 'getGroup',
    tagged: { without: [] },
    method: 'GET',
    path: '/groups/:name',
    summary: 'One group with its members',
    access: 'auditor',
    params: NameParams,
    answer: GroupSchema,
  }),
  take: endpoint({
    name: 'removeFromGroup',
    edits: 'getGroup',
    endsAccess: true,
    method: 'POST',
    path: '/groups/:name/remove',
    summary: 'Take people out of a group; holds at once for those who are connected',
    params: NameParams,
    body: z.strictObject({ users: UserNames.min(1) }),
    answer: GroupSchema,
  }),
  setOnCall: endpoint({
    name: 'setOnCall',
    edits: 'getGroup',
    method: 'PUT',
    path: '/groups/:name/on-call',
    summary:
      'Say who of a group is on call, and nobody else; they decide what a rule with the approver on-call:GROUP asks',
    params: NameParams,
    body: z.strictObject({
      users: UserNames,
      /** From then on nobody of them is; left out: until somebody else is. */
      until: z.iso.datetime({ offset: true }).optional(),
    }),
    answer: GroupSchema,
  }),
  remove: endpoint({
    name: 'removeGroup',
    edits: 'getGroup',
    endsAccess: true,
    method: 'DELETE',
    path: '/groups/:name',
    summary: 'Remove a group; its members stay, without it',
    params: NameParams,
    answer: GroupSchema,
  }),
  disable: endpoint({
    name: 'disableGroup',
    endsAccess: true,
    method: 'POST',
    path: '/groups/:name/disable',
    summary: 'Lock every member of a group out, as disableUser does',
    params: NameParams,
    answer: ReceiptSchema,
  }),
};
