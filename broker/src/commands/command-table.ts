// The commands by their names, each in a file that is loaded when it is called: all of them together describe the whole API, which takes longer to
// load than most commands run.
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';

type MakeCommand = (context: CommandContext) => Command;

/** In the order of the help. */
export const COMMANDS: Readonly<Record<string, () => Promise<MakeCommand>>> = {
  start: async () => (await import('./start.ts')).startCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  user: async () => (await import('./user.ts')).userCommand,
  group: async () => (await import('./group.ts')).groupCommand,
  device: async () => (await import('./device.ts')).deviceCommand,
  session: async () => (await import('./device.ts')).sessionCommand,
  login: async () => (await import('./device.ts')).loginCommand,
  server: async () => (await import('./server/server.ts')).serverCommand,
  secret: async () => (await import('./secrets/secret.ts')).secretCommand,
  key: async () => (await import('./key.ts')).keyCommand,
  grant: async () => (await import('./grant.ts')).grantCommand,
  'admin-token': async () => (await import('./session/admin-token.ts')).adminTokenCommand,
  bundle: async () => (await import('./bundle.ts')).bundleCommand,
  rule: async () => (await import('./rule.ts')).ruleCommand,
  enforcement: async () => (await import('./rule.ts')).enforcementCommand,
  tool: async () => (await import('./tool/tool.ts')).toolCommand,
  request: async () => (await import('./request.ts')).requestCommand,
  hook: async () => (await import('./hooks/hook.ts')).hookCommand,
  config: async () => (await import('./config/config.ts')).configCommand,
  audit: async () => (await import('./audit.ts')).auditCommand,
  backup: async () => (await import('./operations/backup.ts')).backupCommand,
  restore: async () => (await import('./operations/restore.ts')).restoreCommand,
  reload: async () => (await import('./operations/reload.ts')).reloadCommand,
  migrate: async () => (await import('./operations/migrate.ts')).migrateCommand,
  workspace: async () => (await import('./workspace.ts')).workspaceCommand,
};
