// `secret …`: values come from stdin or a hidden prompt, never from an argument. What is done with versions is in secret-versions.ts.
import { Command } from 'commander';
import { secretsApi } from 'mcpgate-shared/api/secrets';
import { plainLine } from 'mcpgate-shared/plain-line';
import {
  adminOptions,
  withSession,
  withVerdict,
  type AdminOptions,
  type AdminSession,
} from '../session/admin-session.ts';
import { askedOption, type AskedOptions, assertRemoval } from '../terminal/confirm.ts';
import type { CommandContext } from '../context.ts';
import { withProgress } from '../terminal/progress.ts';
import { readSecret } from '../terminal/read-secret.ts';
import { EXPIRES, expiryOf, refuseValues, sourceOf, type SetOptions } from './secret-input.ts';
import { setText } from './secret-text.ts';
import { addVersionCommands } from './secret-versions.ts';
import { ago } from '../terminal/table.ts';

export function secretCommand(context: CommandContext): Command {
  const command = new Command('secret').description('secrets of the upstream servers');
  adminOptions(
    command
      .command('set')
      .argument('<name>')
      .argument('[value...]')
      .description('store a value, from stdin or a prompt; the next call uses it, and its servers are probed with it')
      .option('--from <source>', 'read it there: env:NAME, file:/PATH, vault:PATH#KEY or "command:PROGRAM ARGUMENTS"')
      .option('--keep-for <time>', 'with --from: what was read before lives on so long while the source is away')
      .option('--refresh <time>', 'with --from: read it again so often; 5m unless said, files are followed')
      .option('--expires <when>', EXPIRES),
  ).action(async (name: string, values: string[], options: SetOptions) => {
    refuseValues('set', name, values, options);
    // It is set all the same; a script must hear that its servers do not work with it.
    await withVerdict(command, context, options, (session) => setSecret(session, name, options));
  });
  addVersionCommands(command, context);
  adminOptions(command.command('list').description('names, versions and who uses them; never a value')).action(
    async (options: AdminOptions) => await withSession(context, options, listSecrets),
  );
  askedOption(
    adminOptions(
      command
        .command('remove <name>')
        .description('remove a secret that nothing refers to; its value cannot be brought back'),
    ),
  ).action(async (name: string, options: AskedOptions) => {
    await withSession(context, options, async (session) => await removeSecret(session, name, options));
  });
  return command;
}

async function removeSecret({ api, show, context }: AdminSession, name: string, options: AskedOptions): Promise<void> {
  await assertRemoval(context, options, name);
  show(await api.call(secretsApi.remove, { params: { name } }), `${name} is removed, with all its versions`);
}

/** Whether a server does not work with it. */
async function setSecret(
  { api, show, context, inside }: AdminSession,
  name: string,
  options: SetOptions,
): Promise<boolean> {
  const given = sourceOf(options) ?? { value: await readSecret(context, name) };
  const body = { ...given, ...expiryOf(options, context.now()) };
  const text = `Setting ${name}, and probing its servers (Ctrl-C to stop; it is set at once)`;
  const secret = await withProgress(context, text, () => api.call(secretsApi.set, { params: { name }, body }));
  show(secret, setText(secret, inside));
  return secret.verified === false;
}

async function listSecrets({ api, list, context }: AdminSession): Promise<void> {
  const secrets = await api.call(secretsApi.list, {});
  const row = (index: number): string[] => {
    const secret = secrets[index];
    if (secret === undefined) return [];
    const { name, version, source, reading, servers, hooks } = secret;
    const state = reading === null || reading.state === 'ok' ? '' : ` (${reading.state})`;
    return [
      name,
      String(version),
      plainLine(`${source}${state}`),
      [...servers, ...hooks.map((hook) => `hook ${hook}`)].join(', ') || '-',
      ago(secret.created_at, context.now()),
      ago(secret.last_used_at, context.now()),
      secret.expires_at === null ? '-' : secret.expires_at.slice(0, 10),
    ];
  };
  list(
    secrets,
    ['NAME', 'VERSION', 'SOURCE', 'USED BY', 'SET', 'USED', 'EXPIRES'],
    row,
    'no secrets yet',
    [],
    ['SET', 'EXPIRES', 'USED'],
  );
}
