// Defines the command line with commander: the commands, their help, and the messages for wrong words.
import { Command } from 'commander';
import { GateError } from 'mcpgate-shared/error';
import { VERSION } from 'mcpgate-shared/version';
import { addCall } from './tools/call.ts';
import { addCompletion } from './completion.ts';
import { addConnect } from './accounts/connect.ts';
import { addDaemon } from './daemon.ts';
import { addDisconnect } from './accounts/disconnect.ts';
import { addDoctor } from './doctor.ts';
import { addInstallClients } from './clients/install-clients.ts';
import { addLogin } from './login.ts';
import { addLogout } from './logout.ts';
import { addStatus } from './status/status.ts';
import { addRequest } from './requests/request.ts';
import { addTools } from './tools/tools.ts';
import { addUse } from './use.ts';
import { ofProfile } from './of-profile.ts';
import type { CliContext } from '../context.ts';

export function createProgram(context: CliContext): Command {
  const program = new Command('mcpgate');
  program
    .description('Log in once; every AI client on this computer uses the company’s MCP servers through one WebSocket.')
    .version(VERSION, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .showHelpAfterError('(run with --help for usage)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error:/, 'mcpgate:')),
      getOutHasColors: () => context.terminal.colour.level > 0,
      getErrHasColors: () => context.terminal.noteColour.level > 0,
    })
    .addHelpText(
      'after',
      `
Examples:
  $ mcpgate login https://mcp.example.com
  $ mcpgate install-clients
  $ mcpgate tools
  $ mcpgate call everything__echo message=hello

Exit codes: 0 done, 1 failed, 2 usage, 3 not logged in or revoked, 4 broker out of reach, 130 interrupted.`,
    );
  addLogin(program, context);
  addLogout(program, context);
  addStatus(program, context);
  addConnect(program, context);
  addDisconnect(program, context);
  addRequest(program, context);
  addTools(program, context);
  addCall(program, context);
  addUse(program, context);
  // bin/mcpgate.cjs handles `serve` itself, so that it starts fast; here it is only defined for the help.
  program
    .command('serve')
    .description('the stdio MCP server that AI clients start')
    .option('--server <name>', 'serve one server with its own names')
    .option('--bundle <name>', 'serve a bundle of tools')
    .option('--tools <all|search>', 'every tool in the list, or three that search, describe and call')
    .action(() => {
      throw new GateError('usage', '`serve` comes first: mcpgate serve --profile NAME');
    });
  addInstallClients(program, context);
  addDoctor(program, context);
  addDaemon(program, context);
  addCompletion(program, context);
  ofProfile(program, context);
  return program;
}
