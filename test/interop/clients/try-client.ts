// One real AI client on a person's laptop: set up by `install-clients`, lists mcpgate, makes a call, is taken out again.
import { z } from 'zod';
import type { World } from '../../world.ts';
import { searchCalls, searchEvents } from '../../world/call-rows.ts';
import { runCommand, type Finished } from '../../world/command.ts';
import type { Person } from '../../world/people/person.ts';
import { processesOf } from '../../world/process-table.ts';
import { until } from '../../world/until.ts';
import { createApprover } from './approved-in-browser.ts';
import type { RealClient } from './real-clients.ts';
import { startScriptedModel } from './scripted-model.ts';

export const STAGES = ['found', 'configured', 'listed', 'connected', 'called', 'approved', 'left', 'removed'] as const;
export type Stage = (typeof STAGES)[number];

export interface ClientOutcome {
  client: RealClient;
  passed: readonly Stage[];
  /** Why it went no further; undefined: all stages passed. */
  failure: string | undefined;
  /** Name and version that the broker recorded. */
  recordedAs: string;
}

const ReportSchema = z.array(z.looseObject({ client: z.string(), action: z.string() }));
const WORD = 'passed-on-by-a-real-client';

/** `bin` holds its program. Never throws: a stage that fails is the outcome. The server `everything` must be in the world. */
export async function tryClient(world: World, client: RealClient, bin: string): Promise<ClientOutcome> {
  const passed: Stage[] = [];
  let recordedAs = '';
  const model = await startScriptedModel('everything__echo', { message: WORD });
  try {
    const person = await world.member(client.name);
    const env = {
      ...person.env,
      PATH: `${bin}:${person.env['PATH']}`,
      // Nothing but this machine is to be reached.
      HTTPS_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: '127.0.0.1,localhost',
    };
    const run = (args: readonly string[], more: Record<string, string> = {}) =>
      runCommand([client.program, ...args], { env: { ...env, ...more }, cwd: person.home, deadlineMs: 120_000 });

    const install = await person.gate(['install-clients', '--json'], { env, deadlineMs: 60_000 });
    const report = ReportSchema.parse(JSON.parse(install.stdout || '[]'));
    const action = report.find((each) => each.client === client.name)?.action;
    check(action !== undefined && action !== 'not_found', install);
    passed.push('found');
    check(install.code === 0 && action === 'added', install);
    passed.push('configured');

    const listed = await run(client.list.args);
    check(client.list.shows.test(listed.stdout), listed);
    passed.push('listed');
    if (client.list.connects) passed.push('connected');

    const { args, env: more } = client.ask(model.url);
    const asked = await run(args, more);
    const calls = await searchCalls(world.broker, ['--user', client.name]);
    const call = calls.find(({ tool_name }) => tool_name === 'everything__echo');
    check(call !== undefined, asked, model.asked);
    recordedAs = `${call?.client_name} ${call?.client_version}`;
    check(client.clientInfo.test(recordedAs), asked, [recordedAs]);
    if (!client.list.connects) passed.push('connected');
    const answered = await until(
      'the result reaches the model',
      () => model.results.some((result) => result.includes(WORD)),
      5_000,
    ).catch(() => false);
    check(answered && call?.status === 'ok', asked, [...model.asked, ...model.results]);
    passed.push('called');
    await callApproved(world, client, run);
    passed.push('approved');
    await until('what the client launched has ended', () => servesOf(person).length === 0, 10_000);
    passed.push('left');

    const removal = await person.gate(['install-clients', client.name, '--uninstall'], { env, deadlineMs: 60_000 });
    check(removal.code === 0, removal);
    const after = await run(client.list.args);
    check(!/mcpgate\b.*(enabled|onnected|\(local\))/.test(after.stdout), after);
    passed.push('removed');
    return { client, passed, failure: undefined, recordedAs };
  } catch (error) {
    return { client, passed, failure: error instanceof Error ? error.message : String(error), recordedAs };
  } finally {
    await model.close();
  }
}

/** The same client calls a tool about which somebody is asked, who says yes in Chromium. */
async function callApproved(
  world: World,
  client: RealClient,
  run: (args: readonly string[], more?: Record<string, string>) => Promise<Finished>,
): Promise<void> {
  const tool = 'everything__get-sum';
  const model = await startScriptedModel(tool, { a: 20, b: 22 });
  const approver = await createApprover(world, { person: client.name, tool });
  try {
    const { args, env } = client.ask(model.url);
    const asking = run(args, env);
    // A client that ends without its call is a failure that says why.
    const id = await Promise.race([
      approver.approve(),
      asking.then((asked) => check(false, asked, model.asked) as undefined),
    ]);
    const asked = await asking;
    check(
      model.results.some((result) => result.includes('42')),
      asked,
      [...model.asked, ...model.results],
    );
    const used = await searchEvents(world.broker, 'approval.used');
    check(
      used.some(({ subject }) => subject === `request:${id}`),
      asked,
      used.map(({ subject }) => String(subject)),
    );
  } finally {
    await approver.close();
    await model.close();
  }
}

const servesOf = ({ home }: Person) => processesOf(home).filter(({ commandLine }) => commandLine.endsWith(' serve'));

function check(holds: boolean, { code, stdout, stderr }: Finished, more: readonly string[] = []): void {
  if (holds) return;
  const said = [stdout.slice(-2000), stderr.slice(-2000), ...more.slice(-20)].filter((text) => text.trim() !== '');
  throw new Error(`exit ${code}\n${said.join('\n')}`);
}
