// `secret …`: values come from stdin or a hidden prompt, never from an argument.
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { secretsApi, type SetSecret } from 'mcpgate-shared/api/secrets';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import { inWorkspace } from '../domain/workspace.ts';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './admin-session.ts';
import type { CommandContext } from './context.ts';
import { readSecret } from './read-secret.ts';
import { ago } from './table.ts';

export function secretCommand(context: CommandContext): Command {
  const command = new Command('secret').description('secrets of the upstream servers');
  adminOptions(
    command
      .command('set')
      .argument('<name>')
      .argument('[value...]')
      .description('store a value, from stdin or a prompt; the next call uses it'),
  ).action(async (name: string, values: string[], options: AdminOptions) => {
    if (values.length > 0) {
      throw new GateError(
        'usage',
        'a value on the command line can be read by other people and stays in the shell history: nothing was stored. ' +
          `Pipe it in (\`secret set ${name}${options.workspace === undefined ? '' : inWorkspace(options.workspace)} < FILE\`) or type it at the prompt. Where it was real, replace it at its service.`,
      );
    }
    await withSession(context, options, (session) => setSecret(session, name));
  });
  adminOptions(command.command('list').description('names, versions and who uses them; never a value')).action(
    async (options: AdminOptions) => await withSession(context, options, listSecrets),
  );
  adminOptions(
    command
      .command('remove <name>')
      .description('remove a secret that nothing refers to; its value cannot be brought back')
      .option('-y, --yes', 'do not ask'),
  ).action(async (name: string, options: AdminOptions & { yes?: boolean }) => {
    await withSession(context, options, async (session) => await removeSecret(session, name, options));
  });
  return command;
}

async function removeSecret(
  { api, show, context }: AdminSession,
  name: string,
  options: { yes?: boolean; json?: boolean },
): Promise<void> {
  const isAsked = context.stdin.isTTY === true && options.yes !== true && options.json !== true;
  if (isAsked && !(await isConfirmed(context, `Remove ${plainLine(name)} for good? [y/N] `)))
    throw new GateError('cancelled', 'nothing was removed');
  show(await api.call(secretsApi.remove, { params: { name } }), `${name} is removed, with all its versions`);
}

async function isConfirmed({ stdin, stderr }: CommandContext, question: string): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    // Ctrl-C, Ctrl-D or the end of the terminal means no.
    return /^\s*y(es)?\s*$/i.test(await lines.question(question).catch(() => ''));
  } finally {
    lines.close();
  }
}

async function setSecret({ api, show, context }: AdminSession, name: string): Promise<void> {
  const value = await readSecret(context, `value of ${name} (not shown): `);
  const secret = await api.call(secretsApi.set, { params: { name }, body: { value } });
  show(secret, setText(secret));
}

/** What is printed after `secret set`: which servers use the value, and which cannot. */
function setText({ name, version, servers, unfit }: SetSecret): string {
  const fit = servers.filter((server) => unfit.every((each) => each.server !== server));
  const users = fit.length === 0 ? '' : `; used by ${fit.join(', ')} from the next call on`;
  const unused = servers.length === 0 ? `; no server uses it yet; refer to it as \${secret:${name}}` : '';
  const lines = unfit.map(({ server, why }) => `  ! ${server} cannot use it, and its calls fail: ${plainLine(why)}`);
  return [`${name} is now version ${version}${users}${unused}`, ...lines].join('\n');
}

async function listSecrets({ api, list, context }: AdminSession): Promise<void> {
  const secrets = await api.call(secretsApi.list, {});
  const row = (index: number): string[] => {
    const secret = secrets[index];
    if (secret === undefined) return [];
    const { name, version, source, servers } = secret;
    return [
      name,
      String(version),
      source,
      servers.join(', ') || '-',
      ago(secret.created_at, context.now()),
      ago(secret.last_used_at, context.now()),
    ];
  };
  list(secrets, ['NAME', 'VERSION', 'SOURCE', 'SERVERS', 'SET', 'USED'], row, 'no secrets yet');
}
