// /requests and what is below it: what waits for a person, shown to who asked for it and to who may decide it, and decided by a form. What somebody was
// denied they ask for there, too: the denial has the link.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { may } from 'mcpgate-shared/api/roles';
import { GateError } from 'mcpgate-shared/error';
import type { Approval, Approvals, Decider, Decision } from '../../approvals/approvals.ts';
import type { Person } from '../../domain/people/people.ts';
import type { PageContext } from './page-context.ts';
import { RequestFormSchema } from './page-forms.ts';
import { messagePage } from './plain-views.ts';
import { askPage, requestPage, requestsPage } from './requests-views.ts';

const HOUR_MS = 3_600_000;
const DECISIONS: Readonly<Record<'approve' | 'hour' | 'deny', Pick<Decision, 'verdict' | 'forMs'>>> = {
  approve: { verdict: 'approve' },
  hour: { verdict: 'approve', forMs: HOUR_MS },
  deny: { verdict: 'deny' },
};

/** What becomes of a call, and of access, that was decided. */
const CALL = {
  yes: 'The call goes on by itself where it still waits; else the next one like it does.',
  no: 'The AI client is told, and nothing was sent to the server.',
} as const;
const ACCESS = {
  yes: 'A rule allows it until then; it holds from the next call on.',
  no: 'Nothing has changed: it stays denied.',
} as const;

const askedPage = (id: string) =>
  messagePage({
    title: 'It is asked for',
    message: `Operators and administrators see it as ${id}. Make the call again once it is allowed.`,
    link: { href: `/requests/${id}`, text: 'How it stands' },
  });

type RequestRequest = FastifyRequest<{ Params: { id: string } }>;

export function registerRequestsRoutes(app: FastifyInstance, context: PageContext, approvals: Approvals): void {
  const deciderOf = (request: FastifyRequest, { id, name, role, groups }: Person): Decider => ({
    actor: { name, address: context.visitor(request).address },
    principal: { user: { id, name, role, groups }, credential: { kind: 'forwarded', id, label: 'browser' } },
    isAdministrator: may(role, 'administer'),
  });

  const maySee = async (approval: Approval, person: Person, decider: Decider): Promise<boolean> =>
    approval.ownerKey === `user:${person.id}` || (await approvals.refusalFor(approval, decider)) === undefined;

  const toLogin = (reply: FastifyReply, to: string) =>
    reply.redirect(`/login?${new URLSearchParams({ to }).toString()}`, 303);

  app.get('/requests', async (request, reply) => {
    const person = await context.person(request);
    if (person === undefined) return toLogin(reply, 'requests');
    const decider = deciderOf(request, person);
    const open = await approvals.list(person.workspaceId, { all: false });
    const seen: Approval[] = [];
    for (const each of open) if (await maySee(each, person, decider)) seen.push(each);
    return context.send(reply, requestsPage({ requests: seen, now: context.clock.now() }), { person });
  });

  app.get('/requests/:id', async (request: RequestRequest, reply) => {
    const person = await context.person(request);
    const { id } = request.params;
    if (person === undefined) return toLogin(reply, `requests/${id}`);
    const found = await approvals.find(person.workspaceId, id);
    const decider = deciderOf(request, person);
    const isOwn = found?.ownerKey === `user:${person.id}`;
    if (found?.state === 'offered' && isOwn)
      return context.send(reply, askPage({ csrf: context.csrf(reply), id, what: found.what }), { person });
    if (found === undefined || found.state === 'offered' || !(await maySee(found, person, decider)))
      throw new GateError('not_found', 'There is no such request that you may see.');
    const now = context.clock.now();
    const refusal = await approvals.refusalFor(found, decider);
    return context.send(reply, requestPage({ csrf: context.csrf(reply), request: found, refusal, now }), { person });
  });

  app.post('/requests/:id', async (request: RequestRequest, reply) => {
    const person = await context.person(request);
    const { id } = request.params;
    if (person === undefined) return toLogin(reply, `requests/${id}`);
    const { decision, note, reason } = RequestFormSchema.parse(request.body);
    if (decision === '') throw new GateError('usage', 'Choose to approve or to deny it.');
    if (decision === 'ask') {
      const why = reason.trim();
      const { actor } = deciderOf(request, person);
      await approvals.request(person.workspaceId, `user:${person.id}`, { id, reason: why === '' ? null : why }, actor);
      return context.send(reply, askedPage(id), { person });
    }
    const order = { ...DECISIONS[decision], note: note.trim() === '' ? null : note.trim(), by: 'page' } as const;
    const decided = await approvals.decide(person.workspaceId, id, order, deciderOf(request, person));
    const isYes = decided.state === 'approved';
    const message = decided.kind === 'access' ? ACCESS[isYes ? 'yes' : 'no'] : CALL[isYes ? 'yes' : 'no'];
    const link = { href: '/requests', text: 'To what else waits' };
    return context.send(reply, messagePage({ title: isYes ? 'It is approved' : 'It is denied', message, link }), {
      person,
    });
  });
}
