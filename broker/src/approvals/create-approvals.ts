// Approvals over the store. Every step is an event of the audit log, with the names of who asked and who decided, and never with arguments.
import { createHash } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../audit/audit.ts';
import { type Approval, SELF } from '../domain/approval.ts';
import { MOST_ROUNDS } from '../domain/bounds/most-rounds.ts';
import type { AuditEvent } from '../domain/call-record.ts';
import type { Actor } from '../domain/people/receipt.ts';
import type { Rule } from '../domain/rule.ts';
import { inWorkspace } from '../domain/workspace.ts';
import { shortId } from '../store/short-id.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import { createAccessRequests } from './access-requests.ts';
import { ruleGranting } from './grant-access.ts';
import { createKnownDeciders } from './known-deciders.ts';
import type { ApprovalChange, Approvals, AskedCall } from './approvals.ts';
import { shownArguments } from './shown-arguments.ts';
import { refusalFor } from './who-decides.ts';
import { changeNotes } from '../domain/change-notes.ts';

export interface ApprovalsOptions {
  store: Pick<Store, 'approvals' | 'groups' | 'users' | 'grants'>;
  vault: Pick<Vault, 'seal' | 'open'>;
  audit: Pick<Audit, 'event' | 'digestOf'>;
  clock: Clock;
  /** Where people reach this broker: an origin. */
  publicUrl: string;
  /** Whether a glob of a rule matches a name. */
  matches: (pattern: string, text: string) => boolean;
  /** Called with the rule that was added with a decision. */
  granted: (workspaceId: string, rule: Rule, by: Actor) => Promise<void>;
}

const MINUTE_MS = 60_000;
/** How long approvers have. */
const OPEN_MS = 60 * MINUTE_MS;
/** How long the caller has to make the call that was approved, and how long one that was denied is not asked for again. */
const ONCE_MS = 15 * MINUTE_MS;
const DENIED_MS = 15 * MINUTE_MS;
/** The longest time for which one approval lets calls go on. */
const MOST_MS = 24 * 60 * MINUTE_MS;
/** The same of access, and how long it holds unless said. */
const MOST_ACCESS_MS = 366 * 24 * 60 * MINUTE_MS;
const ACCESS_MS = 8 * 60 * MINUTE_MS;
/** What may wait for approvers of one caller. */
const MOST_OPEN = 20;
const KEPT_MS = 30 * 24 * 60 * MINUTE_MS;
const LISTED = 200;

export function createApprovals(options: ApprovalsOptions): Approvals {
  const { store, vault, audit, clock, publicUrl, granted } = options;
  const access = createAccessRequests(options);
  const deciders = createKnownDeciders(options);
  const listeners = new Set<(change: ApprovalChange) => void>();

  function tell({ workspaceId, id }: ApprovalChange): void {
    for (const listener of [...listeners]) listener({ workspaceId, id });
  }

  async function record(
    type: string,
    { workspaceId, id, who, what, rule, device }: Approval,
    actor: Actor,
    more: AuditEvent['data'] = {},
  ): Promise<void> {
    await audit.event({
      workspace_id: workspaceId,
      type,
      actor: actor.name,
      subject: `request:${id}`,
      address: actor.address,
      data: { who, tool: what, rule, device, ...more },
    });
  }

  async function found(workspaceId: string, id: string): Promise<Approval> {
    const approval = await store.approvals.find(workspaceId, id);
    if (approval !== undefined && approval.state !== 'offered') return approval;
    const shown = JSON.stringify(id.slice(0, 40));
    throw new GateError(
      'not_found',
      `there is no request ${shown}; \`request list${inWorkspace(workspaceId)}\` shows those that wait`,
    );
  }

  return {
    async ask(call) {
      const { principal, ownerKey, who, clientName, address, server, what, rule, policyVersion, approvers } = call;
      const { workspaceId } = principal;
      const id = shortId('q_', 8);
      const thing = digestOf([workspaceId, ownerKey, server.id, what, rule, policyVersion]);
      const args = shownArguments(call.args());
      const approval = await store.approvals.ask(
        {
          ...{
            workspaceId,
            id,
            kind: 'call',
            ownerKey,
            who,
            clientName,
            address,
            what,
            rule,
            policyVersion,
            approvers,
          },
          device: principal.device?.name ?? null,
          server: server.name,
          thing,
          // Keyed, because arguments may be few enough to try them all.
          binding: audit.digestOf(workspaceId, digestOf([thing, call.digest])),
          sealed: args === null ? null : vault.seal(purposeOf(workspaceId, id), Buffer.from(args, 'utf8')),
          reason: null,
          state: 'open',
          expiresAt: clock.now() + OPEN_MS,
        },
        MOST_OPEN,
      );
      if (approval === undefined)
        throw new GateError('throttled', `${MOST_OPEN} calls of ${who} wait for approval already`, {
          retryAfterMs: MINUTE_MS,
        });
      if (approval.id === id) {
        await record(
          'approval.asked',
          approval,
          { name: actorName(call), address },
          {
            approvers: [...approvers],
            args_digest: audit.digestOf(workspaceId, call.digest),
            policy_version: policyVersion,
          },
        );
        tell(approval);
        await store.approvals.forget(clock.now() - KEPT_MS);
      }
      return approval;
    },
    offer: (denied) => access.offer(denied),
    async request(workspaceId, ownerKey, { id, reason }, actor) {
      const { approval, news } = await access.request(workspaceId, ownerKey, id, reason);
      if (news === undefined) return approval;
      if (news === 'asked')
        await record('approval.asked', approval, actor, { approvers: [...approval.approvers], reason });
      else await record('approval.reason_given', approval, actor, { reason });
      tell(approval);
      return approval;
    },
    async use(approval) {
      if (!(await store.approvals.use(approval.workspaceId, approval.id))) return false;
      const { who, address, decidedBy, scope } = approval;
      await record(
        'approval.used',
        approval,
        { name: who.replace(/^user:/, ''), address },
        {
          ...{ approved_by: decidedBy, scope },
        },
      );
      return true;
    },
    async giveBack(approval, why) {
      if (approval.scope !== 'once') return;
      const mostRounds = why === 'asked_for_more' ? MOST_ROUNDS : undefined;
      if (!(await store.approvals.giveBack(approval.workspaceId, approval.id, mostRounds))) return;
      const { who, address } = approval;
      await record('approval.given_back', approval, { name: who.replace(/^user:/, ''), address }, { why });
    },
    pageOf: ({ id }) => `${publicUrl}/requests/${id}`,
    async find(workspaceId, id) {
      const approval = await store.approvals.find(workspaceId, id);
      if (approval === undefined) return undefined;
      const { sealed } = approval;
      const args = sealed === null ? undefined : await vault.open(purposeOf(workspaceId, id), sealed);
      return { ...approval, argsText: args === undefined ? null : Buffer.from(args).toString('utf8') };
    },
    list: (workspaceId, which, part = { after: undefined, limit: LISTED }) =>
      store.approvals.list(workspaceId, which, part),
    async *open(workspaceId) {
      let after = '';
      for (;;) {
        const ids = await store.approvals.openAfter(workspaceId, after, LISTED);
        if (ids.length > 0) yield ids;
        if (ids.length < LISTED) return;
        after = ids.at(-1) ?? '';
      }
    },
    refusalFor: async (approval, decider) => refusalFor(approval, decider, await deciders.knownFor(approval)),
    approversNow: (approval) => deciders.told(approval),
    async decide(workspaceId, id, { verdict, forMs, note = null, by }, decider) {
      const open = await found(workspaceId, id);
      const refusal = refusalFor(open, decider, await deciders.knownFor(open));
      if (refusal !== undefined) throw new GateError('forbidden', `you cannot decide ${id}: ${refusal}`);
      const isAccess = open.kind === 'access';
      if (forMs !== undefined && forMs > (isAccess ? MOST_ACCESS_MS : MOST_MS))
        throw new GateError(
          'usage',
          `it can be approved for ${isAccess ? '366 days' : '24 hours'} at most; add a rule for more`,
        );
      const isYes = verdict === 'approve';
      const now = clock.now();
      const until = now + (isYes ? (forMs ?? (isAccess ? ACCESS_MS : ONCE_MS)) : DENIED_MS);
      const done = await store.approvals.decide(workspaceId, id, {
        state: isYes ? 'approved' : 'denied',
        scope: !isYes ? null : forMs === undefined && !isAccess ? 'once' : 'while',
        by: decider.actor.name,
        note,
        until,
        ...(isAccess && isYes && { rule: ruleGranting(open, until, decider.actor) }),
      });
      if (done === undefined) throw decidedAlready(await found(workspaceId, id), now);
      const { approval: decided, rule } = done;
      // What was decided holds, whatever becomes of its record.
      tell(decided);
      if (rule !== undefined) await granted(workspaceId, rule, decider.actor);
      await record(isYes ? 'approval.approved' : 'approval.denied', decided, decider.actor, {
        ...{ scope: decided.scope, by, note, ...changeNotes({ state: open.state }, { state: decided.state }) },
        until: new Date(decided.expiresAt).toISOString(),
        is_own:
          decided.approvers.includes(SELF) &&
          decider.principal?.user !== undefined &&
          decided.ownerKey === `user:${decider.principal.user.id}`,
      });
      return decided;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    elsewhere: { changed: tell },
  };
}

/** The second of two who decide is told. */
function decidedAlready({ id, state, decidedBy, expiresAt }: Approval, now: number): GateError {
  if (decidedBy !== null)
    return new GateError('conflict', `${decidedBy} has ${state === 'denied' ? 'denied' : 'approved'} ${id} already`);
  return new GateError('conflict', expiresAt <= now ? `the time of ${id} is over` : `${id} cannot be decided any more`);
}

const actorName = ({ who }: Pick<AskedCall, 'who'>): string => who.replace(/^user:/, '');
const purposeOf = (workspaceId: string, id: string): string => `approval:${workspaceId}:${id}`;
const digestOf = (parts: readonly (string | number)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');
