// `secret rotate`, `rollback`, `history` and `blast`: what is done with the versions of a secret.
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { secretsApi, type RotatedSecret, type Secret } from 'mcpgate-shared/api/secrets';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import {
  adminOptions,
  withSession,
  withVerdict,
  type AdminOptions,
  type AdminSession,
} from '../session/admin-session.ts';
import type { CommandContext } from '../context.ts';
import { withProgress } from '../terminal/progress.ts';
import { readSecret } from '../terminal/read-secret.ts';
import { EXPIRES, expiryOf, refuseValues, type ExpiryOptions } from './secret-input.ts';
import { provedText, rotatedText, setText, stepLine } from './secret-text.ts';
import { ago } from '../terminal/table.ts';
import { countFlag, pastTime } from '../values.ts';

const LOOK_MS = 250;

interface RotateOptions extends ExpiryOptions {
  proveDead?: boolean;
}

interface BlastOptions extends AdminOptions {
  since: string;
  limit: string;
}

export function addVersionCommands(command: Command, context: CommandContext): void {
  adminOptions(
    command
      .command('rotate')
      .argument('<name>')
      .argument('[value...]')
      .description(
        'replace a value, from stdin or a prompt, once every server that uses it was probed with the new one',
      )
      .option('--expires <when>', EXPIRES)
      .option('--prove-dead', 'then call with the old value, which is to be refused'),
  ).action(async (name: string, values: string[], options: RotateOptions) => {
    refuseValues('rotate', name, values, options);
    await withVerdict(command, context, options, (session) => rotateSecret(session, name, options));
  });
  adminOptions(
    command
      .command('prove-dead <name> [version]')
      .description('call with a retired version, the last one unless said, which is to be refused'),
  ).action(
    async (name: string, version: string | undefined, options: AdminOptions) =>
      await withVerdict(command, context, options, (session) => proveDead(session, name, version)),
  );
  adminOptions(
    command
      .command('rollback <name>')
      .description('have new calls use an earlier version again, the one before unless said')
      .option('--to <version>', 'this one; `secret history` shows them'),
  ).action(
    async (name: string, options: AdminOptions & { to?: string }) =>
      await withVerdict(command, context, options, (session) => rollBack(session, name, options.to)),
  );
  adminOptions(
    command
      .command('history <name>')
      .description('versions, the newest first: state, who, when, last use; never a value'),
  ).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, (session) => showHistory(session, name)),
  );
  adminOptions(
    command
      .command('blast <name> [version]')
      .description('every call, person and device that used it, or this version of it')
      .option('--since <time>', '30d, or a date or time in ISO 8601', '30d')
      .option('--limit <count>', 'with --json: at most so many of the calls themselves', '100'),
  ).action(
    async (name: string, version: string | undefined, options: BlastOptions) =>
      await withSession(context, options, (session) => showUses(session, name, version, options)),
  );
}

/** Whether it has not come to what was wanted. */
async function rotateSecret(
  { api, show, json, context, inside }: AdminSession,
  name: string,
  options: RotateOptions,
): Promise<boolean> {
  const value = await readSecret(context, name, 'new value');
  const body = { value, prove_dead: options.proveDead === true, ...expiryOf(options, context.now()) };
  const told = { count: 0 };
  const tell = (steps: RotatedSecret['steps']): void => {
    for (const step of steps.slice(told.count)) context.stderr.write(`${stepLine(step)}\n`);
    told.count = Math.max(told.count, steps.length);
  };
  let isOver = false;
  const rotating = api.call(secretsApi.rotate, { params: { name }, body }).finally(() => (isOver = true));
  const isSeen = !json && context.stderr.isTTY === true;
  const rotated = await withProgress(context, `Rotating ${name}`, async () => {
    // The failure of the rotation is told by the rotation itself.
    const over = rotating.then(
      () => undefined,
      () => undefined,
    );
    while (isSeen && !isOver) {
      await Promise.race([delay(LOOK_MS), over]);
      if (isOver) break;
      tell((await api.call(secretsApi.rotation, { params: { name } }))?.steps ?? []);
    }
    return await rotating;
  });
  if (!json) tell(rotated.steps);
  show(rotated, rotatedText(rotated, inside));
  // Who wants a proof is not told that there is one where nothing could be asked.
  return !rotated.rotated || (options.proveDead === true && rotated.old_refused !== true);
}

/** Whether it was not proved: it still works somewhere, or nothing tells. */
async function proveDead(
  { api, show, context, inside }: AdminSession,
  name: string,
  version: string | undefined,
): Promise<boolean> {
  const body = version === undefined ? {} : { version: versionOf('VERSION', version) };
  const text = `Calling with an old version of ${name}`;
  const proved = await withProgress(context, text, () => api.call(secretsApi.proveDead, { params: { name }, body }));
  show(proved, provedText(proved, inside));
  return proved.old_refused !== true;
}

/** Whether a server does not work with what was gone back to. */
async function rollBack(
  { api, show, context, inside }: AdminSession,
  name: string,
  to: string | undefined,
): Promise<boolean> {
  const body = to === undefined ? {} : { version: versionOf('--to', to) };
  const text = `Going back to an earlier version of ${name}, and probing its servers`;
  const secret = await withProgress(context, text, () => api.call(secretsApi.rollback, { params: { name }, body }));
  show(secret, setText(secret, inside));
  return secret.verified === false;
}

async function showHistory({ api, list, context }: AdminSession, name: string): Promise<void> {
  const versions = await api.call(secretsApi.history, { params: { name } });
  const now = context.now();
  const row = (index: number): string[] => {
    const each = versions[index];
    if (each === undefined) return [];
    return [
      String(each.version),
      each.state,
      each.set_by ?? '-',
      ago(each.created_at, now),
      each.source,
      ago(each.last_used_at, now),
      each.retired_at === null ? '-' : ago(each.retired_at, now),
      each.expires_at === null ? '-' : each.expires_at.slice(0, 10),
    ];
  };
  list(
    versions,
    ['VERSION', 'STATE', 'BY', 'SET', 'SOURCE', 'USED', 'RETIRED', 'EXPIRES'],
    row,
    'no versions',
    [],
    ['SOURCE', 'RETIRED'],
  );
}

async function showUses(
  { api, json, list, show, context, inside }: AdminSession,
  name: string,
  version: string | undefined,
  options: BlastOptions,
): Promise<void> {
  const query = {
    since: pastTime('--since', options.since, context.now()),
    limit: countFlag('--limit', options.limit),
    ...(version === undefined ? {} : { version: versionOf('VERSION', version) }),
  };
  const uses = await api.call(secretsApi.uses, { params: { name }, query });
  if (json) return show(uses, '');
  const kept = (await api.call(secretsApi.list, {})).find((secret) => secret.name === name);
  const what = version === undefined ? name : `version ${version} of ${name}`;
  const count = (number: number, one: string, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;
  const row = (index: number): string[] => {
    const each = uses.users[index];
    if (each === undefined) return [];
    return [
      each.member ?? '-',
      each.credential,
      each.servers.join(', '),
      each.versions.join(', '),
      String(each.calls),
      ago(each.first_at, context.now()),
      ago(each.last_at, context.now()),
    ];
  };
  list(
    uses.users,
    ['WHO', 'WITH', 'SERVERS', 'VERSIONS', 'CALLS', 'FIRST', 'LAST'],
    row,
    `no call has used ${what} since ${uses.since}`,
    [
      `${count(uses.calls, 'call')} by ${count(uses.people.length, 'person', 'people')} from ${count(uses.devices.length, 'device')} used ${what} since ${uses.since}`,
      `where it may have leaked: ${whenLeaked(name, kept, inside)}`,
    ],
  );
}

function whenLeaked(name: string, kept: Secret | undefined, inside: string): string {
  if (kept === undefined) return 'revoke it at its service; it was removed here';
  if (kept.reading !== null)
    return `make a new one at its service, put it where it is read from (${plainLine(kept.source)}), and revoke the old one`;
  return `mcpgate-broker secret rotate ${name} --prove-dead${inside}`;
}

function versionOf(flag: string, text: string): number {
  if (/^\d+$/.test(text)) return countFlag(flag, text);
  throw new GateError('usage', `${flag}: "${text}" is no version; \`secret history\` shows them`);
}
