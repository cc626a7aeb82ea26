// `mcpgate logout`: revokes the login at the broker, removes it here, and ends the daemon's link. Without the network it still removes the login, and
// says that the broker does not know.
import { rmSync } from 'node:fs';
import type { Command } from 'commander';
import { toGateError } from 'mcpgate-shared/error';
import { reloadDaemon, revokeCredential, storedLogin } from '../auth/stored-login.ts';
import type { CliContext } from '../context.ts';

export function addLogout(program: Command, context: CliContext): void {
  program
    .command('logout')
    .description('end this login at the broker and forget it here')
    .action(() => runLogout(context));
}

async function runLogout(context: CliContext): Promise<void> {
  const { terminal, settings } = context;
  const login = storedLogin(settings.read());
  if (login === undefined) {
    terminal.note('Not logged in.');
    return;
  }
  const { broker } = login.address;
  const store = context.openCredentials(login.tokenStore);
  // With a locked keychain this throws and the login stays: a credential that cannot be read can be neither revoked nor removed.
  const credential = await store.read(login.address);
  if (credential !== null) {
    try {
      await revokeCredential(context, broker, credential);
    } catch (error) {
      const reason = toGateError(error).message;
      terminal.warn(
        `this login was not ended at the broker (${reason}): disconnect this device on the page ${broker}/`,
      );
    }
    await store.remove(login.address);
  }
  await settings.update({ user: undefined, credential: undefined, loginId: undefined, tokenStore: undefined });
  rmSync(context.paths.cacheDir, { recursive: true, force: true }); // copies of lists that the broker sent to this login
  await reloadDaemon(context).catch((error: unknown) =>
    terminal.warn(`the daemon was not told: ${toGateError(error).message}; run \`mcpgate daemon stop\``),
  );
  terminal.note(`${terminal.noteColour.green('✓')} Logged out of ${broker} (${login.user}).`);
  if (login.kind === 'grant') terminal.note('  The grant itself is still good: its administrator can revoke it.');
  if ((context.env['MCPGATE_TOKEN'] ?? '') !== '') terminal.warn('MCPGATE_TOKEN is set here and is still used');
}
