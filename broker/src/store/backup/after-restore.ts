// What must not come back to life with a backup: what was issued, used or taken back after it was made. The statements are the same for both engines.

/** Ends every session and token of people: with them no refresh token that was used since is good again, and no laptop that was revoked comes back. */
export const END_SESSIONS: readonly string[] = [
  'delete from web_sessions',
  'delete from oauth_objects',
  'delete from one_time_links',
];

/** What belongs to processes that are gone, and yeses for one call that may have been used since. */
export const ALWAYS: readonly string[] = [
  'delete from left_channels',
  'delete from departures',
  'delete from idempotent_requests',
  `update approvals set expires_at = 0 where state in ('offered', 'open', 'approved')`,
];

/**
 * Takes over what was taken back in the database that is replaced, as far as it is the same one at a later time (it has the same data keys):
 * revoked grants, tokens and devices, people who were disabled, or removed; passkeys that were removed, and passwords that were changed, because what
 * was taken from somebody who lost it would let its finder in again. `old`: the schema that it has for these statements.
 */
export function takenBackIn(old: string, now: number): readonly string[] {
  const before = (table: string) => `${old}.${table}`;
  const isSame = `exists (select 1 from ${before('data_keys')} as o join data_keys as n on n.id = o.id)`;
  const over = (table: string, column: string) => `update ${table} set ${column} =
    (select o.${column} from ${before(table)} as o where o.id = ${table}.id)
    where ${column} is null and ${isSame}
    and exists (select 1 from ${before(table)} as o where o.id = ${table}.id and o.${column} is not null)`;
  const gone = (table: string, column: string) => `update ${table} set ${column} = ${now}
    where ${column} is null and ${isSame} and not exists (select 1 from ${before(table)} as o where o.id = ${table}.id)`;
  const missing = `not exists (select 1 from ${before('passkeys')} as o where o.id = passkeys.id)`;
  const password = `(select o.password_hash from ${before('users')} as o where o.id = users.id)`;
  const isThere = `exists (select 1 from ${before('users')} as o where o.id = users.id)`;
  return [
    ...['users', 'grants', 'admin_tokens', 'devices'].flatMap((table) => {
      const column = table === 'users' ? 'disabled_at' : 'revoked_at';
      return [over(table, column), gone(table, column)];
    }),
    `delete from passkeys where ${isSame} and ${missing}`,
    `update users set password_hash = ${password} where ${isSame} and ${isThere}`,
  ];
}
