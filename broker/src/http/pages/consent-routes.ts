// Serves /consent, where an HTTP client has sent the browser to ask the person for access. The person signs in, sees what the client asks for, and
// approves or denies it; then the browser goes back to the client with the answer.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Person } from '../../domain/people/people.ts';
import type { Browser, ConsentOutcome } from '../../identity/oauth/consents.ts';
import { consentPage } from './consent-views.ts';
import type { PageContext } from './page-context.ts';
import { ConsentFormSchema, consentPath, ConsentQuerySchema } from './page-forms.ts';
import { messagePage } from './plain-views.ts';

const GONE = messagePage({
  title: 'This request is over',
  message: 'It was answered already, took too long, or was begun in another browser. Start again in the application.',
});

/** Messages for error codes of the OAuth server. Anybody can make a link with any code, so no text from the link is ever shown. */
const PROBLEMS: Readonly<Record<string, string>> = {
  invalid_client:
    'The application is not known here, or its description could not be fetched. Remove its stored login and connect it again.',
  invalid_redirect_uri: 'The application wants its answer sent to an address that it did not register.',
};

type ConsentPageRequest = FastifyRequest<{ Params: { id: string } }>;

export function registerConsentRoutes(app: FastifyInstance, context: PageContext): void {
  const { consents } = context.identity;

  const browserOf = (request: ConsentPageRequest, reply: FastifyReply): Browser => ({
    request: request.raw,
    response: reply.raw,
    id: request.params.id,
  });

  const send = async (request: ConsentPageRequest, reply: FastifyReply, person: Person): Promise<FastifyReply> => {
    const lookup = await consents.find(browserOf(request, reply));
    if (lookup.kind === 'gone') return context.send(reply, GONE, { person, status: 410 });
    const page = consentPage({
      csrf: context.csrf(reply),
      path: consentPath(request.params.id),
      userName: person.name,
      request: lookup.request,
    });
    return context.send(reply, page, { person, formTarget: lookup.request.redirect.policySource });
  };

  app.get('/consent', async (request, reply) => {
    const { problem } = ConsentQuerySchema.parse(request.query);
    const message =
      (Object.hasOwn(PROBLEMS, problem) ? PROBLEMS[problem] : undefined) ??
      'The application asked in a way that this broker does not answer. Start again in the application, or update it.';
    return context.send(reply, messagePage({ title: 'This application cannot be connected', message }), {
      status: 400,
    });
  });

  app.get<{ Params: { id: string } }>('/consent/:id', async (request, reply) => {
    const person = await context.person(request);
    if (person === undefined) return reply.redirect(`/login?consent=${encodeURIComponent(request.params.id)}`, 303);
    return send(request, reply, person);
  });

  app.post<{ Params: { id: string } }>('/consent/:id', async (request, reply) => {
    const person = await context.person(request);
    if (person === undefined) return reply.redirect(`/login?consent=${encodeURIComponent(request.params.id)}`, 303);
    const { decision } = ConsentFormSchema.parse(request.body);
    if (decision === '') return send(request, reply, person);
    const { address } = context.visitor(request);
    const decide = decision === 'approve' ? consents.approve : consents.deny;
    const outcome: ConsentOutcome = await decide(browserOf(request, reply), person, address);
    if (outcome.kind === 'gone') return context.send(reply, GONE, { person, status: 410 });
    const { redirectTo, grantId } = outcome;
    if (grantId !== undefined) await context.letIn(request, { what: 'client', id: grantId, userId: person.id });
    return reply.redirect(redirectTo, 303);
  });
}
