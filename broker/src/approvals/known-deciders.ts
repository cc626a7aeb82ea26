// The people that there are now, for saying who may decide: who is on call changes by the hour, so it is read each time.
import type { Clock } from 'mcpgate-shared/clock';
import { type Approval, ON_CALL } from '../domain/approval.ts';
import type { Store } from '../store/store.ts';
import { approversText, decidersAmong, keyOf, type KnownWho } from './who-decides.ts';

export function createKnownDeciders({
  store,
  clock,
  matches,
}: {
  store: Pick<Store, 'groups' | 'users' | 'grants'>;
  clock: Clock;
  matches: KnownWho['matches'];
}) {
  const knownFor = async ({
    workspaceId,
    approvers,
  }: Pick<Approval, 'workspaceId' | 'approvers'>): Promise<KnownWho> => ({
    matches,
    onCall: approvers.some((each) => each.startsWith(ON_CALL)) ? await store.groups.onCall(workspaceId) : new Map(),
  });

  async function isAnybody(approval: Approval, known: KnownWho): Promise<boolean> {
    const { workspaceId, approvers, ownerKey } = approval;
    const people = (await store.users.list(workspaceId))
      .filter(({ disabledAt }) => disabledAt === null)
      .map((user) => ({ user, credential: { kind: 'forwarded' as const, id: user.id, label: '' } }));
    const found = decidersAmong(approvers, people, known);
    if (found === undefined || found.some((each) => keyOf(each) !== ownerKey)) return true;
    const now = clock.now();
    const grants = (await store.grants.list(workspaceId))
      .filter(
        ({ userId, revokedAt, expiresAt }) => userId === null && revokedAt === null && (expiresAt ?? now + 1) > now,
      )
      .map(({ id, label }) => ({ credential: { kind: 'grant' as const, id, label } }));
    return decidersAmong(approvers, grants, known)?.some((each) => keyOf(each) !== ownerKey) === true;
  }

  return {
    knownFor,
    /** Who is asked now, in words; that it is nobody is said, with who can decide all the same. */
    async told(approval: Approval): Promise<string> {
      const known = await knownFor(approval);
      const text = approversText(approval.approvers, approval.who, known.onCall);
      if (await isAnybody(approval, known)) return text;
      return `${text} (which is nobody who could approve it; only whoever runs the broker can)`;
    },
  };
}
