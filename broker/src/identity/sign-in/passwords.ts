// Passwords of people, judged and chosen: each try takes its turn (`sign-in-pace.ts`), and of the hashes, which cost a core and 32 MiB, only a few are
// made at once.
import { may } from 'mcpgate-shared/api/roles';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { addressKey } from '../../domain/bounds/address-key.ts';
import type { UserRecord } from '../../domain/people/people.ts';
import type { Store } from '../../store/store.ts';
import type { KnownBrowsers } from '../browser/known-browsers.ts';
import { createPasswordTurns } from '../browser/password-turns.ts';
import { hashPassword, verifyPassword } from '../browser/password.ts';
import { createSignInPace } from '../browser/sign-in-pace.ts';
import type { WebVisitor } from '../browser/web-access.ts';
import type { NewPasswords, PasswordOwner } from './new-password.ts';

/** When to try again where too many passwords wait to be hashed. */
const BUSY_MS = 3_000;

export type PasswordVerdict = { kind: 'right' } | { kind: 'wrong' } | { kind: 'throttled'; retryAfterMs: number };

export interface Passwords {
  /** `account`: under what tries are counted, also for names of nobody. Takes as long for somebody who has no password, or may not use one. */
  judge(account: string, user: UserRecord | undefined, password: string, visitor: WebVisitor): Promise<PasswordVerdict>;
  /** Of a person who is signed in. */
  judgeOwn(user: UserRecord, password: string, visitor: WebVisitor): Promise<PasswordVerdict>;
  /** Whether the person signs in with a password of this broker, or may. */
  areFor(user: UserRecord): Promise<boolean>;
  problemOf(password: string, owner: PasswordOwner): Promise<string | undefined>;
  /** Throws `throttled` where too many passwords wait to be hashed. To be called before a link is used up. */
  hash(password: string): Promise<string>;
}

/** The key by which sign-ins to an account are counted. All names of workspaces that do not exist share one. */
export const accountKey = (workspace: string, account: string): string => `${workspace}/${account.slice(0, 64)}`;

export function createPasswords(parts: {
  store: Store;
  clock: Clock;
  knownBrowsers: KnownBrowsers;
  newPasswords: NewPasswords;
  localAccounts: boolean;
}): Passwords {
  const { store, knownBrowsers } = parts;
  const pace = createSignInPace({ clock: parts.clock });
  const turns = createPasswordTurns();

  /** Whether one of the person's devices has logged in from this address. */
  const knowsAddress = async (user: UserRecord, address: string): Promise<boolean> => {
    const devices = await store.devices.listByUser(user.id);
    const key = addressKey(address);
    return devices.some((device) => device.revokedAt === null && addressKey(device.address) === key);
  };

  const areFor: Passwords['areFor'] = async (user) =>
    // Without local accounts, administrators who have no account at the IdP keep their passwords: the IdP must not be able to lock everybody out.
    parts.localAccounts ||
    (may(user.role, 'administer') && (await store.externalIdentities.issuersOf(user.id)).length === 0);

  const judge: Passwords['judge'] = async (account, user, password, visitor) => {
    const turn = await pace.turn({
      account,
      address: visitor.address,
      browser: knownBrowsers.read(visitor.known, user?.id),
      knowsAddress: user !== undefined && (await knowsAddress(user, visitor.address)),
    });
    if (turn.kind === 'later') return { kind: 'throttled', retryAfterMs: turn.retryAfterMs };
    const fits = await turns.run(() => verifyPassword(user?.passwordHash ?? null, password));
    if (fits === undefined) return { kind: 'throttled', retryAfterMs: BUSY_MS };
    if (!fits || user === undefined || user.disabledAt !== null || !(await areFor(user))) return { kind: 'wrong' };
    turn.right();
    return { kind: 'right' };
  };

  return {
    judge,
    areFor,
    judgeOwn: (user, password, visitor) => judge(accountKey(user.workspaceId, user.name), user, password, visitor),
    problemOf: (password, owner) => parts.newPasswords.problemOf(password, owner),
    async hash(password) {
      const hashed = await turns.run(() => hashPassword(password));
      if (hashed !== undefined) return hashed;
      throw new GateError('throttled', 'too many passwords are checked at the moment; try again', {
        retryAfterMs: BUSY_MS,
      });
    },
  };
}
