// Of rules that ask: whether anybody is there who can approve what they ask about. A rule without approvers is for administrators, and one with `self`
// for whoever calls.
import { decidersAmong, type KnownWho } from '../../approvals/who-decides.ts';
import type { Principal } from '../../domain/people/principal.ts';
import type { Rule } from '../../domain/rule.ts';
import { compileGlob } from '../../policy/glob.ts';
import type { AdminDependencies } from '../dependencies.ts';

type Somebody = Pick<Principal, 'user' | 'credential'>;
type Asking = Pick<Rule, 'effect' | 'approvers' | 'who'>;

/** A sentence for each rule of which nobody can approve anything, by its place in `rules`. */
export async function approverDoubts(
  {
    store,
    clock,
  }: { store: Pick<AdminDependencies['store'], 'users' | 'groups' | 'grants'> } & Pick<AdminDependencies, 'clock'>,
  workspaceId: string,
  rules: readonly Asking[],
): Promise<(string | undefined)[]> {
  if (!rules.some(({ effect, approvers }) => effect === 'ask' && approvers.length > 0))
    return rules.map(() => undefined);
  const now = clock.now();
  const people: Somebody[] = [
    ...(await store.users.list(workspaceId))
      .filter(({ disabledAt }) => disabledAt === null)
      .map((user) => ({ user, credential: { kind: 'forwarded' as const, id: user.id, label: '' } })),
    ...(await store.grants.list(workspaceId))
      .filter(
        ({ userId, revokedAt, expiresAt }) => userId === null && revokedAt === null && (expiresAt ?? now + 1) > now,
      )
      .map(({ id, label }) => ({ credential: { kind: 'grant' as const, id, label } })),
  ];
  const known: KnownWho = {
    matches: (pattern, text) => compileGlob(pattern).matches(text),
    onCall: await store.groups.onCall(workspaceId),
  };
  return rules.map((rule) => doubtAbout(rule, people, known));
}

function doubtAbout(
  { effect, approvers, who }: Asking,
  people: readonly Somebody[],
  known: KnownWho,
): string | undefined {
  if (effect !== 'ask') return undefined;
  const found = decidersAmong(approvers, people, known);
  if (found === undefined) return undefined;
  if (found.length === 0) return `nobody can approve what it asks about: ${approvers.join(' or ')} is nobody today`;
  const [only] = found;
  const isOwn = found.length === 1 && who.every((each) => each === `user:${only?.user?.name}`);
  return isOwn
    ? `nobody can approve what it asks about: nobody decides a request of their own; add the approver self for that`
    : undefined;
}
