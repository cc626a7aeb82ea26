// Serves /, /devices and /applications: shows a person's devices and applications, and disconnects one.
import type { FastifyInstance } from 'fastify';
import type { PageContext } from './page-context.ts';
import { homePage } from './home-views.ts';
import { ConnectionFormSchema } from './page-forms.ts';
import { messagePage, welcomePage } from './plain-views.ts';

const DEVICE_GONE = messagePage({
  title: 'It is not connected',
  message: 'This device was disconnected already, or its login was revoked.',
});
const GONE = messagePage({
  title: 'It is not connected',
  message: 'This application was disconnected already, or its login has ended by itself.',
});

export function registerHomeRoutes(app: FastifyInstance, context: PageContext): void {
  const { publicUrl, clock } = context;
  const { web } = context.identity;

  app.get('/', async (request, reply) => {
    const person = await context.person(request);
    if (person === undefined) return context.send(reply, welcomePage({ publicUrl }));
    const [devices, clients] = [await web.devicesOf(person), await web.clientsOf(person)];
    const page = homePage({ csrf: context.csrf(reply), publicUrl, user: person, devices, clients, now: clock.now() });
    return context.send(reply, page, { person });
  });

  app.post('/devices', async (request, reply) => {
    const { id } = ConnectionFormSchema.parse(request.body);
    const person = await context.person(request);
    if (person === undefined) return reply.redirect('/login', 303);
    const outcome = await web.disconnectDevice(id, person, context.visitor(request));
    if (outcome.kind === 'gone') return context.send(reply, DEVICE_GONE, { person, status: 410 });
    const title = 'The device is disconnected';
    const message = `${outcome.device.name} has no access any more, and what ran for it was cancelled. To use it again, run mcpgate login there.`;
    return context.send(reply, messagePage({ title, message }), { person });
  });

  app.post('/applications', async (request, reply) => {
    const { id } = ConnectionFormSchema.parse(request.body);
    const person = await context.person(request);
    if (person === undefined) return reply.redirect('/login', 303);
    const outcome = await web.disconnectClient(id, person, context.visitor(request));
    if (outcome.kind === 'gone') return context.send(reply, GONE, { person, status: 410 });
    const title = 'The application is disconnected';
    const message = `${outcome.client.name} has no access any more. It asks you again if it connects once more.`;
    return context.send(reply, messagePage({ title, message }), { person });
  });
}
