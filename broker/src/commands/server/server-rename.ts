// `server rename OLD NEW`: says what goes along, and what rules with wildcards mean of the server afterwards.
import type { Command } from 'commander';
import { type RenamedServer, serverEtag, serversApi } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../session/admin-session.ts';
import { isConfirmed } from '../terminal/confirm.ts';
import { formerNameLines } from './server-text.ts';
import type { CommandContext } from '../context.ts';

interface RenameOptions extends AdminOptions {
  dryRun?: boolean;
  yes?: boolean;
}

export function addRenameCommand(server: Command, context: CommandContext): void {
  adminOptions(
    server
      .command('rename <old> <new>')
      .description('give a server another name; rules, grants, accounts and its history go along'),
  )
    .option('--dry-run', 'say what would go along, and change nothing')
    .option('-y, --yes', 'do not ask where rules mean something else afterwards')
    .action(
      async (from: string, to: string, options: RenameOptions) =>
        await withSession(context, options, (session) => renameServer(session, from, to, options)),
    );
}

async function renameServer(session: AdminSession, from: string, to: string, options: RenameOptions): Promise<void> {
  const { api, show, context, json, inside } = session;
  const ask = async (dryRun: boolean, ifMatch?: string): Promise<RenamedServer> =>
    await api.call(serversApi.rename, {
      params: { name: from },
      body: { to, dry_run: dryRun },
      ...(ifMatch === undefined ? {} : { ifMatch }),
    });
  if (options.dryRun === true) {
    const plan = await ask(true);
    show(plan, renameText(plan, inside));
    return;
  }
  let seen: RenamedServer | undefined;
  if (context.stdin.isTTY === true && options.yes !== true && !json) {
    seen = await ask(true);
    const warnings = warningsOf(seen);
    if (warnings.length > 0) {
      context.stderr.write(`${warnings.join('\n')}\n`);
      if (!(await isConfirmed(context, `Rename ${from} all the same? [y/N] `)))
        throw new GateError('cancelled', 'nothing was renamed');
    }
  }
  const done = await ask(false, seen && serverEtag(seen.server));
  show(done, renameText(done, inside));
}

function renameText(renamed: RenamedServer, inside: string): string {
  const { from, to, rules, grants, dry_run: isDryRun } = renamed;
  return [
    isDryRun ? `${from} would be ${to}` : `${from} is ${to} now`,
    ...rules.map(({ id, before, after }) => `  rule ${id}: ${changed(before, after)}`),
    ...(grants.length === 0
      ? []
      : [`  ${grants.length === 1 ? 'grant' : 'grants'} ${grants.join(', ')}: bound to ${to}`]),
    ...warningsOf(renamed),
    ...(isDryRun
      ? []
      : [
          `AI clients that still say ${from} reach it until another server is called so; their lists are announced as changed`,
          `next: mcpgate-broker server test ${to}${inside}`,
        ]),
  ].join('\n');
}

function changed(before: readonly string[], after: readonly string[]): string {
  return after
    .flatMap((what, index) => (what === before[index] ? [] : [`${before[index] ?? ''} → ${what}`]))
    .join(', ');
}

const SHIFTS = {
  less: 'matches less of it under its new name, or nothing',
  more: 'matches more of it under its new name',
  other: 'matches other things of it under its new name',
} as const;

function warningsOf({ to, shifted, grants_gained: gained, former_name_of: holder }: RenamedServer): string[] {
  return [
    ...formerNameLines(to, holder),
    ...shifted.map(({ rule, effect, what, shift }) => `  ! rule ${rule} (${effect} ${what}) ${SHIFTS[shift]}`),
    ...gained.map(
      (label) => `  ! grant ${label} names ${to}, which was no server: it is bound to this one from now on`,
    ),
  ];
}
