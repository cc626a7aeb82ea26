// Groups of people, for rules.
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { GroupNameSchema, ManagedBySchema, NameParams, ReceiptSchema } from './fields.ts';

export const GroupSchema = z
  .object({ name: z.string(), members: z.array(z.string()), managed_by: ManagedBySchema })
  .meta({ id: 'Group' });
export type Group = z.output<typeof GroupSchema>;

const UserNames = z.array(z.string().min(1).max(64)).max(1000);

export const groupsApi = {
  list: endpoint({
    name: 'listGroups',
    method: 'GET',
    path: '/groups',
    summary: 'All groups with their members',
    answer: z.array(GroupSchema),
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
    method: 'GET',
    path: '/groups/:name',
    summary: 'One group with its members',
    params: NameParams,
    answer: GroupSchema,
  }),
  take: endpoint({
    name: 'removeFromGroup',
    method: 'POST',
    path: '/groups/:name/remove',
    summary: 'Take people out of a group; holds at once for those who are connected',
    params: NameParams,
    body: z.strictObject({ users: UserNames.min(1) }),
    answer: GroupSchema,
  }),
  remove: endpoint({
    name: 'removeGroup',
    method: 'DELETE',
    path: '/groups/:name',
    summary: 'Remove a group; its members stay, without it',
    params: NameParams,
    answer: GroupSchema,
  }),
  disable: endpoint({
    name: 'disableGroup',
    method: 'POST',
    path: '/groups/:name/disable',
    summary: 'Lock every member of a group out, as disableUser does',
    params: NameParams,
    answer: ReceiptSchema,
  }),
};
