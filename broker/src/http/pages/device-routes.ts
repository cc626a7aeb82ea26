// /device: the code, then the sign-in, then the device itself and a yes or no. A code in the link is only typed ahead: nothing is
// connected before the person has seen the device and pressed the button.
import type { FastifyInstance } from 'fastify';
import type { DeviceLookup } from '../../identity/web-access.ts';
import type { PageContext } from './create-pages.ts';
import { codePage, confirmPage, connectedPage, deniedPage } from './device-views.ts';
import { DeviceFormSchema, UserCodeQuerySchema } from './page-forms.ts';
import { waitText } from './time-text.ts';

const PROBLEMS = {
  unknown: 'No device waits with this code. Compare it with the one on your device.',
  expired: 'This code has expired. Run “mcpgate login” again on your device for a new one.',
  used: 'This code was used already. Run “mcpgate login” again on your device if it is not connected.',
} as const;

const problemText = (lookup: Exclude<DeviceLookup, { kind: 'pending' }>): string =>
  lookup.kind === 'throttled'
    ? `Too many codes were tried. Wait ${waitText(lookup.retryAfterMs)} and try again.`
    : PROBLEMS[lookup.kind];

export function registerDeviceRoutes(app: FastifyInstance, context: PageContext): void {
  const { web } = context.identity;
  const loginPath = (userCode: string): string => `/login?user_code=${encodeURIComponent(userCode)}`;

  app.get('/device', async (request, reply) => {
    const { user_code: userCode } = UserCodeQuerySchema.parse(request.query);
    const person = await context.person(request);
    if (userCode === '') return context.send(reply, codePage({ userCode }), { person });
    if (person === undefined) return reply.redirect(loginPath(userCode), 303);
    const visitor = context.visitor(request);
    const lookup = await web.findDevice(userCode, person, visitor);
    if (lookup.kind !== 'pending') {
      const status = lookup.kind === 'throttled' ? 429 : lookup.kind === 'unknown' ? 404 : 410;
      return context.send(reply, codePage({ userCode, problem: problemText(lookup) }), { person, status });
    }
    const page = confirmPage({
      csrf: context.csrf(reply),
      userName: person.name,
      visitorAddress: visitor.address,
      now: context.clock.now(),
      request: lookup.request,
    });
    return context.send(reply, page, { person });
  });

  app.post('/device', async (request, reply) => {
    const { user_code: userCode, decision } = DeviceFormSchema.parse(request.body);
    const person = await context.person(request);
    if (person === undefined) return reply.redirect(loginPath(userCode), 303);
    const visitor = context.visitor(request);
    if (decision === 'deny') {
      await web.denyDevice(userCode, person, visitor);
      return context.send(reply, deniedPage(), { person });
    }
    if (decision !== 'approve') return reply.redirect(`/device?user_code=${encodeURIComponent(userCode)}`, 303);
    const outcome = await web.confirmDevice(userCode, person, visitor);
    if (outcome.kind === 'gone')
      return context.send(reply, codePage({ userCode: '', problem: problemText({ kind: 'used' }) }), {
        person,
        status: 410,
      });
    return context.send(reply, connectedPage({ deviceName: outcome.device.name, userName: person.name }), { person });
  });
}
