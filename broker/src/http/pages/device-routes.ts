// Serves /device: a person signs in, types the code that the device shows, sees the device, and approves or denies it. A link with a code only leads to
// the page about that device; to approve it the person must still type the code, so that nobody is tricked by a link. Only a device of the person's
// own that has proven who it is needs no code.
import type { Person } from '../../domain/people/people.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { normalizeUserCode } from '../../identity/oauth/user-code.ts';
import type { DeviceLookup } from '../../identity/browser/web-access.ts';
import type { PageContext } from './page-context.ts';
import { codePage, confirmPage, connectedPage, deniedPage } from './device-views.ts';
import { DeviceFormSchema, UserCodeQuerySchema } from './page-forms.ts';
import { waitText } from './time-text.ts';

const PROBLEMS = {
  unknown: 'No device waits with this code. Compare it with the one on your device.',
  expired: 'This code has expired. Run “mcpgate login” again on your device for a new one.',
  used: 'This code was used already. Run “mcpgate login” again on your device if it is not connected.',
} as const;

const STATUS = { throttled: 429, unknown: 404, elsewhere: 403, expired: 410, used: 410 } as const;

const problemText = (lookup: Exclude<DeviceLookup, { kind: 'pending' }>): string =>
  lookup.kind === 'throttled'
    ? `Too many codes were tried. Wait ${waitText(lookup.retryAfterMs)} and try again.`
    : lookup.kind === 'elsewhere'
      ? `This device asks for the workspace “${lookup.workspace}”, and you are signed in to another. Sign out, then open its link again and sign in there.`
      : PROBLEMS[lookup.kind];

const isSameCode = (typed: string, userCode: string): boolean => {
  const code = normalizeUserCode(typed);
  return code !== undefined && code === normalizeUserCode(userCode);
};

const loginPath = (userCode: string, workspace = ''): string => {
  const goal = {
    ...(userCode === '' ? { to: 'device' } : { user_code: userCode }),
    ...(workspace !== '' && { workspace }),
  };
  return `/login?${new URLSearchParams(goal).toString()}`;
};

export function registerDeviceRoutes(app: FastifyInstance, context: PageContext): void {
  const { web } = context.identity;

  const sendCodePage = (
    reply: FastifyReply,
    person: Person,
    refused?: { userCode: string; problem: string; status: number },
  ): FastifyReply =>
    context.send(reply, codePage({ csrf: context.csrf(reply), userCode: '', ...refused }), {
      person,
      ...(refused && { status: refused.status }),
    });

  /** Sends the page about the device behind a code, or the code page with the reason why there is none. */
  const sendDevice = async (
    request: FastifyRequest,
    reply: FastifyReply,
    person: Person,
    { userCode, typedCode, problem }: { userCode: string; typedCode: string; problem?: string },
  ): Promise<FastifyReply> => {
    const visitor = context.visitor(request);
    const lookup = await web.findDevice(userCode, person, visitor);
    if (lookup.kind !== 'pending') {
      const status = STATUS[lookup.kind];
      return sendCodePage(reply, person, { userCode, problem: problemText(lookup), status });
    }
    const page = confirmPage({
      csrf: context.csrf(reply),
      userName: person.name,
      visitorAddress: visitor.address,
      now: context.clock.now(),
      request: lookup.request,
      typedCode,
      problem,
    });
    return context.send(reply, page, { person, ...(problem !== undefined && { status: 422 }) });
  };

  app.get('/device', async (request, reply) => {
    const { user_code: userCode, workspace } = UserCodeQuerySchema.parse(request.query);
    const person = await context.person(request);
    if (person === undefined) return reply.redirect(loginPath(userCode, workspace), 303);
    return userCode === ''
      ? sendCodePage(reply, person)
      : sendDevice(request, reply, person, { userCode, typedCode: '' });
  });

  app.post('/device', async (request, reply) => {
    const { user_code: userCode, typed_code: typedCode, decision } = DeviceFormSchema.parse(request.body);
    const person = await context.person(request);
    if (person === undefined) return reply.redirect(loginPath(userCode), 303);
    const visitor = context.visitor(request);
    if (decision === 'deny') {
      await web.denyDevice(userCode, person, visitor);
      return context.send(reply, deniedPage(), { person });
    }
    if (decision !== 'approve') return sendDevice(request, reply, person, { userCode: typedCode, typedCode });
    if (!isSameCode(typedCode, userCode)) {
      const lookup = await web.findDevice(userCode, person, visitor);
      if (lookup.kind === 'pending' && lookup.request.known === null) {
        const problem = 'Type the code exactly as your device shows it.';
        return sendDevice(request, reply, person, { userCode, typedCode: '', problem });
      }
    }
    const outcome = await web.confirmDevice(userCode, person, visitor);
    if (outcome.kind === 'gone')
      return sendCodePage(reply, person, { userCode: '', problem: problemText({ kind: 'used' }), status: 410 });
    const { id, userId } = outcome.device;
    await context.letIn(request, { what: 'device', id, userId });
    return context.send(reply, connectedPage({ deviceName: outcome.device.name, userName: person.name }), { person });
  });
}
