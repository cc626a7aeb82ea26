// The operations on hooks. To say where questions and secrets are sent is for administrators; whoever sees to rules may see and try what is there.
import { plainIssue } from 'mcpgate-shared/api/plain-issue';
import {
  hookMistake,
  NewHookSchema,
  type HookView,
  hooksApi,
  type NewHookView,
} from 'mcpgate-shared/api/hooks/hooks-api';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { referencesIn } from 'mcpgate-shared/values/secret-reference';
import type { z } from 'zod';
import type { AuditEvent } from '../domain/call-record.ts';
import { publicMessage } from '../domain/public-message.ts';
import { destinationOf } from '../hooks/approvals/tell-approvals.ts';
import { queueOfHook, receiverWarnings, type ReceiverQueue } from '../hooks/receiver-state.ts';
import { type ApprovalsHook, type Hook, logDestination, type LogHook, secretsOfHook } from '../domain/hook.ts';
import { inWorkspace } from '../domain/workspace.ts';
import { compilePolicy } from '../policy/compile-policy.ts';
import type { NewHook } from '../store/repositories/hooks.ts';
import type { AdminDependencies } from './dependencies.ts';
import { refusePlainValues } from './hook-secrets.ts';
import { isoTime, isoTimeOrNull } from './iso-time.ts';
import { knownWorld } from './rules/known-world.ts';
import { testedArguments } from './rules/tested/tested-arguments.ts';
import { testedCaller } from './rules/tested/tested-caller.ts';
import { testedQuestion } from './rules/tested/tested-hook.ts';
import { testedName } from './rules/tested/tested-name.ts';
import { listOperation } from './lists/list-operation.ts';
import { eventBy, operation, type Caller, type Operation } from './operation.ts';

type Needs = Pick<AdminDependencies, 'store' | 'vault' | 'audit' | 'policyChanged' | 'people' | 'clock' | 'hooks'>;

export function hookOperations({ store, vault, audit, policyChanged, people, clock, hooks }: Needs): Operation[] {
  const shown = async (workspaceId: string, hook: Hook): Promise<HookView> => {
    const queue = await queueOfHook(hooks, workspaceId, hook);
    return {
      ...toView(hook),
      warnings: [...(await warningsOf(workspaceId, hook)), ...receiverWarnings(workspaceId, hook, queue, clock.now())],
      ...(queue !== undefined && { queue: toQueue(queue) }),
    };
  };

  const warningsOf = async (workspaceId: string, hook: Hook): Promise<string[]> => {
    const there = new Set((await vault.list(workspaceId)).map(({ name }) => name));
    const missing = secretNamesOfHook(hook).filter((name) => !there.has(name));
    const users = hook.kind === 'approvals' ? Object.values(hook.people) : [];
    const known = new Set((await store.users.list(workspaceId)).map(({ name }) => `user:${name}`));
    return [
      ...missing.map((name) => `there is no secret ${name} yet; set it with \`secret set ${name}\``),
      ...[...new Set(users)].filter((who) => !known.has(who)).map((who) => `there is nobody called ${who}`),
    ];
  };

  const changed = async (caller: Caller, type: string, name: string, data: AuditEvent['data']): Promise<void> => {
    policyChanged(caller.workspaceId);
    await audit.event(eventBy(caller, { type, subject: `hook:${name}`, data }));
  };

  const find = async (workspaceId: string, name: string): Promise<Hook> => {
    const hook = await store.hooks.find(workspaceId, name);
    if (hook !== undefined) return hook;
    const shownName = JSON.stringify(name.slice(0, 40));
    throw new GateError(
      'not_found',
      `there is no hook ${shownName}; \`hook list${inWorkspace(workspaceId)}\` shows them`,
    );
  };

  const assertSaysNoSecret = async (
    workspaceId: string,
    { name, url, headers }: Pick<Hook, 'name' | 'url'> & Partial<Pick<LogHook, 'headers'>>,
    before?: Hook,
  ): Promise<void> => {
    const known = new Set((await vault.list(workspaceId)).map((secret) => secret.name));
    refusePlainValues(name, { url, headers }, { workspaceId, known, before });
  };
  /** Has it told of a request that there is not. */
  const told = async (workspaceId: string, hook: ApprovalsHook | LogHook) => {
    if (hook.kind === 'log') return await toldOfLog(workspaceId, hook);
    const text = 'mcpgate tells of calls that wait for a yes here. This is a test, and nothing waits.';
    const document =
      hook.format === 'slack' ? { text } : { type: 'test', timestamp: isoTime(clock.now()), data: { text } };
    const body = JSON.stringify(document);
    const startedAt = clock.now();
    const common = { name: hook.name, question: body };
    try {
      const signal = AbortSignal.timeout(hook.timeoutMs);
      const { status, body: got } = await hooks.sender.send(workspaceId, hook, { body }, signal);
      const isTold = status >= 200 && status < 300;
      if (isTold) await hooks.deliveries.tryNow(destinationOf(workspaceId, hook.name));
      const answered = got.toString('utf8').slice(0, 4_000);
      const [decision, reason] = isTold
        ? (['told', null] as const)
        : (['away', `it answered with status ${status}`] as const);
      return { ...common, decision, reason, answered, ms: clock.now() - startedAt };
    } catch (error) {
      const reason = publicMessage(toGateError(error));
      return { ...common, decision: 'away' as const, reason, answered: null, ms: clock.now() - startedAt };
    }
  };

  const toldOfLog = async (workspaceId: string, hook: LogHook) => {
    const startedAt = clock.now();
    const data = { text: 'mcpgate sends its audit log here. This is a test, and nothing happened.' };
    const entry = { id: `test:${startedAt}`, type: 'test', timestamp: isoTime(startedAt), data };
    const sent = await hooks.entries.send(workspaceId, hook, [entry], AbortSignal.timeout(hook.timeoutMs));
    const isTold = sent.kind === 'arrived' && sent.refused === undefined;
    if (isTold) await store.logFeeds.tryNow(logDestination(workspaceId, hook.name));
    const reason = sent.kind === 'again' ? sent.why : (sent.refused ?? null);
    const decision = isTold ? ('told' as const) : ('away' as const);
    const answered = sent.kind === 'arrived' ? (sent.answered ?? null) : null;
    const question = hooks.entries.text(hook, [entry]);
    return { name: hook.name, decision, reason, question, answered, ms: clock.now() - startedAt };
  };

  return [
    listOperation(hooksApi.list, async (_input, { workspaceId }) =>
      Promise.all((await store.hooks.list(workspaceId)).map((hook) => shown(workspaceId, hook))),
    ),
    operation(hooksApi.show, async ({ params }, { workspaceId }) =>
      shown(workspaceId, await find(workspaceId, params.name)),
    ),
    operation(hooksApi.add, async ({ body }, caller) => {
      assertGoesTogether(body);
      await assertSaysNoSecret(caller.workspaceId, body);
      const hook = await store.hooks.create(caller.workspaceId, toNew(body, caller.actor.name));
      await changed(caller, 'hook.added', hook.name, { before: [], after: noted(hook) });
      return shown(caller.workspaceId, hook);
    }),
    operation(hooksApi.set, async ({ params, body }, caller) => {
      const found = await find(caller.workspaceId, params.name);
      if (body.url !== undefined || body.headers !== undefined) {
        const { url = found.url, headers } = body;
        await assertSaysNoSecret(caller.workspaceId, { name: found.name, url, ...(headers && { headers }) }, found);
      }
      const { before, after } = await store.hooks.update(caller.workspaceId, params.name, (now) => ({
        ...toNew(withChanges(now, body), now.createdBy),
      }));
      if (after.kind === 'approvals') await hooks.deliveries.tryNow(destinationOf(caller.workspaceId, after.name));
      await changed(caller, 'hook.changed', after.name, { before: noted(before), after: noted(after) });
      return shown(caller.workspaceId, after);
    }),
    operation(hooksApi.test, async ({ params, body }, { workspaceId }) => {
      const hook = await find(workspaceId, params.name);
      if (hook.kind !== 'authorize') return await told(workspaceId, hook);
      const { who, what } = body;
      const args = testedArguments(body.args);
      if (who === undefined || what === undefined)
        throw new GateError('usage', 'name who and what, as in `hook test authorize --who user:ada --what git__push`');
      const caller = await testedCaller({ people, clock }, workspaceId, { ...body, who, args });
      const snapshot = await store.policy.snapshot(workspaceId);
      const world = await knownWorld({ store, people }, workspaceId);
      const policy = compilePolicy({ ...snapshot, hook }, clock.now());
      const tested = testedName(policy, caller, world, { what, args: args?.exact });
      if ('refusal' in tested) throw new GateError('usage', tested.refusal);
      const [subject = { server: '', names: [what] as const }] = tested.subjects;
      const verdict = policy.decide({ ...caller, ...subject });
      const question = testedQuestion(caller, subject, verdict, snapshot.version, args?.written);
      const { answer, question: sent, answered, ms } = await hooks.authorizer.try(hook, question);
      return { name: hook.name, decision: answer.decision, reason: answer.reason, question: sent, answered, ms };
    }),
    operation(hooksApi.remove, async ({ params }, caller) => {
      await find(caller.workspaceId, params.name);
      const hook = await store.hooks.remove(caller.workspaceId, params.name);
      if (hook === undefined) return shown(caller.workspaceId, await find(caller.workspaceId, params.name));
      if (hook.kind === 'approvals') await hooks.deliveries.forget(destinationOf(caller.workspaceId, hook.name));
      await changed(caller, 'hook.removed', hook.name, { before: noted(hook), after: [] });
      return { ...toView(hook), warnings: [] };
    }),
  ];
}

/** With those in its URL. */
export function secretNamesOfHook(hook: Hook): string[] {
  return [...new Set([...referencesIn(hook.url).map(({ name }) => name), ...secretsOfHook(hook)])];
}

type Changes = z.output<typeof hooksApi.set.body>;

/** Throws `usage` for what the kind of hook does not have, and for what would make no hook. */
function withChanges(now: Hook, changes: Changes): NewHookView {
  const view = newHookView(now);
  const strange = Object.keys(changes).find((key) => !(key in view));
  if (strange !== undefined)
    throw new GateError('usage', `the hook ${now.name} is of the kind ${now.kind}, which has no ${strange}`);
  const made = NewHookSchema.safeParse({ ...view, ...changes });
  if (made.success) {
    assertGoesTogether(made.data);
    return made.data;
  }
  const [issue] = made.error.issues;
  throw new GateError(
    'usage',
    `${issue?.path.join('.') ?? ''}: ${issue === undefined ? 'that makes no hook' : plainIssue(issue)}`,
  );
}

/** Throws `usage`. */
function assertGoesTogether(view: NewHookView): void {
  const mistake = hookMistake(view);
  if (mistake !== undefined) throw new GateError('usage', mistake);
}

/** In the form in which it is made. */
export function newHookView(hook: Hook): NewHookView {
  const { created_at: _created, updated_at: _updated, created_by: _by, ...view } = toView(hook);
  return NewHookSchema.parse(view);
}

function toNew(view: NewHookView, createdBy: string): NewHook {
  const { name, url, enabled, timeout_ms: timeoutMs, secret, bearer, managed_by: managedBy } = view;
  const base = { name, url, enabled, timeoutMs, secret, bearer, managedBy, createdBy };
  if (view.kind === 'authorize') {
    const { kind, what, approvers, sends_arguments: sendsArguments } = view;
    return { ...base, kind, what, approvers, sendsArguments };
  }
  if (view.kind === 'log') {
    const { kind, what, format, headers, ca, certificate, max_bytes: maxBytes } = view;
    return { ...base, kind, what, format, headers, ca, certificate, maxBytes };
  }
  const { kind, format, signing_secret: signingSecret, people, by_email: byEmail } = view;
  return { ...base, kind, format, signingSecret, people, byEmail };
}

function toQueue(of: ReceiverQueue): NonNullable<HookView['queue']> {
  const { queued, oldestAt, attempts, nextAt, lastError, deliveredAt, triedBy } = of;
  return {
    ...{ queued, oldest_at: isoTimeOrNull(oldestAt), attempts, last_error: lastError },
    ...{
      next_at: attempts === 0 ? null : isoTime(nextAt),
      delivered_at: isoTimeOrNull(deliveredAt),
      tried_by: triedBy,
    },
  };
}

type Shown<V> = V extends unknown ? Omit<V, 'warnings' | 'queue'> : never;

function toView(hook: Hook): Shown<HookView> {
  const base = {
    ...{ name: hook.name, url: hook.url, enabled: hook.enabled, timeout_ms: hook.timeoutMs },
    ...{ secret: hook.secret, bearer: hook.bearer, managed_by: hook.managedBy },
    ...{ created_at: isoTime(hook.createdAt), updated_at: isoTime(hook.updatedAt), created_by: hook.createdBy },
  };
  if (hook.kind === 'authorize') {
    const { kind, what, approvers, sendsArguments } = hook;
    return { ...base, kind, what: [...what], approvers: [...approvers], sends_arguments: sendsArguments };
  }
  if (hook.kind === 'log') {
    const { kind, what, format, headers, ca, certificate, maxBytes } = hook;
    return { ...base, kind, what: [...what], format, headers: { ...headers }, ca, certificate, max_bytes: maxBytes };
  }
  const { kind, format, signingSecret, people, byEmail } = hook;
  return { ...base, kind, format, signing_secret: signingSecret, people: { ...people }, by_email: byEmail };
}

/** What the log says of a hook: a line for each thing that it has. */
function noted(hook: Hook): string[] {
  const { created_at: _created, updated_at: _updated, created_by: _by, name: _name, ...view } = toView(hook);
  return Object.entries(view).flatMap(([key, value]) => (value === null ? [] : [`${key} ${JSON.stringify(value)}`]));
}
