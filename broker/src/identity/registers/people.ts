// What all registers share: the schemas of names, the states of tokens, and finding the person, device or token that an administrator has named.
import type { Person, TokenState, UserRecord } from '../../domain/people/people.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { Store } from '../../store/store.ts';

export const UserNameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,63}$/,
    'a user name is 1 to 64 of a-z, 0-9, ".", "_" and "-", and begins with a letter or digit',
  );
export const GroupNameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,63}$/,
    'a group name is 1 to 64 of a-z, 0-9, ".", "_" and "-", and begins with a letter or digit',
  );

export const LabelSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a label is 1 to 64 letters, digits, ".", "_" and "-"');

export function stateOf(
  { revokedAt, expiresAt }: { revokedAt: number | null; expiresAt: number | null },
  now: number,
): Exclude<TokenState, 'suspended'> {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'active';
}
export const EmailSchema = z.email('this is not an e-mail address');

/** `value` parsed, or a `usage` error with the schema's own words. */
export function parseOrUsage<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new GateError('usage', parsed.error.issues[0]?.message ?? 'the input does not fit');
}

export function toPerson({ passwordHash, ...user }: UserRecord): Person {
  return { ...user, hasPassword: passwordHash !== null };
}

/** Throws `not_found` naming the person and how to list them. */
export async function requireUser(store: Store, workspaceId: string, name: string): Promise<UserRecord> {
  const user = await store.users.byName(workspaceId, name);
  if (user === undefined)
    throw new GateError(
      'not_found',
      `there is no user "${name}"; \`mcpgate-broker user list${inWorkspace(workspaceId)}\` shows them`,
    );
  return user;
}

/** A grant's state. One that is active by itself is `suspended` while its person is disabled. */
export function grantStateOf(
  grant: { revokedAt: number | null; expiresAt: number | null },
  owner: Pick<UserRecord, 'disabledAt'> | undefined,
  now: number,
): TokenState {
  const state = stateOf(grant, now);
  return state === 'active' && owner !== undefined && owner.disabledAt !== null ? 'suspended' : state;
}

/** So many are asked for at a time: a statement of SQL has a bound, too. */
const MOST_IDS = 1_000;

/** What is found of these ids, asked for in parts. */
export async function foundOf<T>(
  ids: readonly string[],
  find: (ids: readonly string[]) => Promise<readonly T[]>,
): Promise<T[]> {
  const wanted = [...new Set(ids)];
  const found: T[] = [];
  for (let from = 0; from < wanted.length; from += MOST_IDS)
    found.push(...(await find(wanted.slice(from, from + MOST_IDS))));
  return found;
}

/** These people, by id. */
export async function peopleOf(
  store: Pick<Store, 'users'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, UserRecord>> {
  const users = await foundOf(ids, (some) => store.users.byIds(some));
  return new Map(users.map((user) => [user.id, user]));
}

/** With the names of the people whose they are; without one where somebody was removed meanwhile. */
export async function withUserNames<T extends { userId: string }>(
  store: Pick<Store, 'users'>,
  items: readonly T[],
): Promise<(T & { user: string })[]> {
  const ids = items.map(({ userId }) => userId);
  const people = await peopleOf(store, ids);
  return items.map((item) => ({ ...item, user: people.get(item.userId)?.name ?? '' }));
}

/** The item with this id, or the only one whose id begins with it (4 characters at least). Throws `not_found`, `usage` (ambiguous). */
export function pickById<T extends { id: string }>(
  items: readonly T[],
  id: string,
  { what, workspaceId }: { what: string; workspaceId: string },
): T {
  const exact = items.find((item) => item.id === id);
  if (exact) return exact;
  const matching = id.length < 4 ? [] : items.filter((item) => item.id.startsWith(id));
  const [only] = matching;
  if (matching.length > 1)
    throw new GateError('usage', `"${id}" fits ${matching.length} ${what}s; write more of the id`);
  if (only === undefined)
    throw new GateError(
      'not_found',
      `there is no ${what} "${id}"; \`mcpgate-broker ${what} list${inWorkspace(workspaceId)}\` shows them`,
    );
  return only;
}

/**
 * As `pickById`, or by label. Several tokens may have had one label, because a label is free again once its token has ended: then the active or
 * suspended one is meant, else the newest. An id counts before a label: a label is free text, and could imitate another token's id.
 */
export function pickToken<T extends { id: string; label: string; state: TokenState; createdAt: number }>(
  items: readonly T[],
  idOrLabel: string,
  of: { what: string; workspaceId: string },
): T {
  const exact = items.find((item) => item.id === idOrLabel);
  if (exact !== undefined) return exact;
  const labelled = items.filter((item) => item.label === idOrLabel).toSorted((a, b) => b.createdAt - a.createdAt);
  return (
    labelled.find(({ state }) => state === 'active' || state === 'suspended') ??
    labelled[0] ??
    pickById(items, idOrLabel, of)
  );
}
