// `mcpgate disconnect SERVER`: ends the person's own account at a server. It is forgotten at the broker, and revoked at its provider where that can be.
import type { Command } from 'commander';
import { GateError } from 'mcpgate-shared/error';
import { OWN_METHODS } from 'mcpgate-shared/mcp/own-methods';
import type { CliContext } from '../../context.ts';
import { withPrompter } from './connect.ts';
import { accountAt, ownAccounts } from './own-accounts.ts';
import { withSession } from '../tools/with-session.ts';

interface DisconnectFlags {
  yes?: true;
  json?: true;
}

export function addDisconnect(program: Command, context: CliContext): void {
  program
    .command('disconnect')
    .description('end your own account at a server')
    .argument('<SERVER>', 'as `mcpgate status` names it')
    .option('--yes', 'ask nothing')
    .option('--json', 'print one JSON object')
    .action((server: string, flags: DisconnectFlags) => runDisconnect(server, flags, context));
}

async function runDisconnect(server: string, flags: DisconnectFlags, context: CliContext): Promise<void> {
  const { terminal, interrupted } = context;
  await withSession(context, async (session) => {
    const { connected_at: connectedAt } = accountAt(await ownAccounts(session, interrupted), server);
    if (connectedAt === null && flags.json !== true) return terminal.note(`You have no account at ${server}.`);
    if (flags.yes !== true && !context.stdinIsTTY)
      throw new GateError('usage', 'stdin is no terminal: say --yes to disconnect without being asked');
    if (flags.yes !== true && !(await isWanted(server, context))) return terminal.note('Nothing was changed.');
    const { result } = await session.request(OWN_METHODS.accountsEnd, { server }, { signal: interrupted });
    const ended = readEnded(result);
    if (flags.json === true) {
      const { revoked, why } = ended ?? { revoked: false, why: null };
      return terminal.print(JSON.stringify({ server, disconnected: ended !== undefined, revoked, why }, null, 2));
    }
    if (ended === undefined) return terminal.note(`You have no account at ${server}.`);
    terminal.note(`${terminal.noteColour.green('✓')} Your account at ${server} is disconnected.`);
    if (ended.revoked) terminal.note('  It was revoked at its provider, too.');
    else if (ended.why !== null) terminal.note(`  ${ended.why}.`);
  });
}

const isWanted = (server: string, context: CliContext): Promise<boolean> =>
  withPrompter(context, async (prompter) =>
    /^y(es)?$/i.test((await prompter.ask(`Disconnect your account at ${server}? [y/N] `)).trim()),
  );

interface Ended {
  revoked: boolean;
  why: string | null;
}

function readEnded(result: unknown): Ended | undefined {
  const ended: unknown = typeof result === 'object' && result !== null ? Reflect.get(result, 'ended') : undefined;
  if (typeof ended !== 'object' || ended === null) return undefined;
  const why: unknown = Reflect.get(ended, 'why');
  return { revoked: Reflect.get(ended, 'revoked') === true, why: typeof why === 'string' ? why : null };
}
