// People and their groups.
import { z } from 'zod';
import { AccountKindSchema } from './accounts/account-forms.ts';
import { AccountStateSchema } from './accounts/accounts.ts';
import { listEndpoint } from './lists/list-endpoint.ts';
import { endpoint } from './endpoint.ts';
import {
  GroupNameSchema,
  ManagedBySchema,
  NameParams,
  ReceiptSchema,
  RoleSchema,
  TimeSchema,
  UserNameSchema,
} from './fields.ts';

export const UserSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string().nullable(),
    role: RoleSchema,
    managed_by: ManagedBySchema.meta({ description: 'The configuration that the role stands in; null: none' }),
    groups: z.array(z.string()),
    has_password: z.boolean(),
    disabled: z.boolean(),
    disabled_at: TimeSchema.nullable(),
    created_at: TimeSchema,
  })
  .meta({ id: 'User' });
export type User = z.output<typeof UserSchema>;

export const UserDetailSchema = UserSchema.extend({
  devices: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      platform: z.string(),
      last_seen_at: TimeSchema,
      revoked_at: TimeSchema.nullable(),
    }),
  ),
  accounts: z
    .array(z.object({ server: z.string(), kind: AccountKindSchema, state: AccountStateSchema }))
    .default([])
    .meta({ description: 'Of their own, at servers' }),
  grants: z.array(z.object({ id: z.string(), label: z.string(), state: z.string(), servers: z.array(z.string()) })),
}).meta({ id: 'UserDetail' });

export const UserLinkSchema = z
  .object({ user: z.string(), url: z.url(), expires_at: TimeSchema })
  .meta({ id: 'UserLink', description: 'A one-time link with which a person sets a password' });
export type UserLink = z.output<typeof UserLinkSchema>;

export const usersApi = {
  list: listEndpoint({
    name: 'listUsers',
    path: '/users',
    summary: 'All people',
    access: 'auditor',
    item: UserSchema,
    key: 'id',
    texts: ['name', 'email'],
    filters: {
      role: RoleSchema.optional(),
      disabled: z.enum(['true', 'false']).optional(),
      groups: GroupNameSchema.optional(),
    },
  }),
  add: endpoint({
    name: 'addUser',
    method: 'POST',
    path: '/users',
    summary: 'Add a person',
    body: z.strictObject({
      name: UserNameSchema,
      email: z.email().max(254).optional(),
      role: RoleSchema.default('member'),
      groups: z.array(GroupNameSchema).max(200).default([]),
    }),
    answer: UserSchema,
  }),
  show: endpoint({
    name: 'getUser',
    tagged: { without: ['devices', 'accounts', 'grants'] },
    method: 'GET',
    path: '/users/:name',
    summary: 'One person, with devices and grants',
    access: 'auditor',
    params: NameParams,
    answer: UserDetailSchema,
  }),
  link: endpoint({
    name: 'createUserLink',
    method: 'POST',
    path: '/users/:name/link',
    summary: 'A one-time link to set a password; an earlier link ends',
    params: NameParams,
    answer: UserLinkSchema,
  }),
  disable: endpoint({
    name: 'disableUser',
    edits: 'getUser',
    endsAccess: true,
    method: 'POST',
    path: '/users/:name/disable',
    summary: 'Lock a person out: live links close, calls under way are cancelled, tokens end',
    params: NameParams,
    answer: ReceiptSchema,
  }),
  enable: endpoint({
    name: 'enableUser',
    edits: 'getUser',
    method: 'POST',
    path: '/users/:name/enable',
    summary: 'Let a disabled person log in again',
    params: NameParams,
    answer: UserSchema,
  }),
  remove: endpoint({
    name: 'removeUser',
    edits: 'getUser',
    endsAccess: true,
    method: 'DELETE',
    path: '/users/:name',
    summary: 'Remove a person and everything they are connected with',
    params: NameParams,
    answer: ReceiptSchema,
  }),
  setGroups: endpoint({
    name: 'setUserGroups',
    edits: 'getUser',
    method: 'PUT',
    path: '/users/:name/groups',
    summary: 'Replace the groups of a person; groups that do not exist yet are made',
    params: NameParams,
    body: z.strictObject({ groups: z.array(GroupNameSchema).max(200) }),
    answer: UserSchema,
  }),
  setRole: endpoint({
    name: 'setUserRole',
    edits: 'getUser',
    method: 'PUT',
    path: '/users/:name/role',
    summary: 'Change what a person may administer; holds from their next request',
    params: NameParams,
    body: z.strictObject({ role: RoleSchema }),
    answer: UserSchema,
  }),
};
