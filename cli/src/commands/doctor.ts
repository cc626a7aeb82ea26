// `mcpgate doctor`: checks everything between an AI client on this machine and the broker, and says of each finding what to do. It starts no daemon.
// Its exit code is that of the first bad finding.
import type { Command } from 'commander';
import { EXIT_CODE } from 'mcpgate-shared/error';
import { parseBrokerUrl } from '../auth/broker-url.ts';
import type { CliContext } from '../context.ts';
import { checkClients, checkDaemon, checkFolder, checkToken } from '../doctor/check-laptop.ts';
import { checkNetwork } from '../doctor/check-network.ts';
import type { Finding } from '../doctor/finding.ts';
import { effectiveEnvironment } from '../laptop/kept-environment.ts';
import { runRestart } from './daemon.ts';
import { runInstallClients } from './clients/install-clients.ts';
import { hanging } from './hanging.ts';
import { checkTokens } from './tokens/check-tokens.ts';
import { onePlainLine } from './one-plain-line.ts';

export function addDoctor(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description('check the way from the AI clients to the broker, and say what to do')
    .option('--fix', 'put right what can be without you: the daemon of another version, AI clients that are not set up')
    .option('--json', 'print one JSON array')
    .action((flags: DoctorFlags) => runDoctor(flags, context));
}

interface DoctorFlags {
  fix?: true;
  json?: true;
}

async function runDoctor({ fix, json }: DoctorFlags, context: CliContext): Promise<void> {
  const { terminal } = context;
  const waiting = await terminal.progress('Checking');
  let findings: Finding[];
  try {
    findings = await collect(context);
    if (fix === true && (await cure(findings, context))) findings = await collect(context);
  } finally {
    waiting.stop();
  }
  if (json === true) terminal.print(JSON.stringify(findings.map(withoutCure), null, 2));
  else {
    const { green, yellow, red, bold } = terminal.colour;
    const marks = { good: green('✓'), warning: yellow('!'), bad: red('✗') };
    const width = Math.max(...findings.map(({ name }) => name.length));
    for (const { mark, name, text } of findings) {
      const head = `${marks[mark]} ${bold(name.padEnd(width))} `;
      terminal.print(hanging(head, width + 3, onePlainLine(text), terminal.columns));
    }
  }
  const first = findings.find(({ mark }) => mark === 'bad');
  if (first !== undefined) context.setExitCode(EXIT_CODE[first.code ?? 'internal']);
}

const withoutCure = ({ cure: _cure, ...finding }: Finding): Finding => finding;

/** Does what `--fix` can do about the findings, and prints each step. Returns whether it did anything. */
async function cure(findings: readonly Finding[], context: CliContext): Promise<boolean> {
  const clients = findings.flatMap((finding) => (finding.cure?.kind === 'install_client' ? [finding.cure.client] : []));
  const isOtherDaemon = findings.some((finding) => finding.cure?.kind === 'restart_daemon');
  if (isOtherDaemon) await runRestart(context);
  if (clients.length > 0) {
    const options = {
      names: clients,
      dryRun: false,
      all: false,
      project: false,
      uninstall: false,
      restore: false,
      json: false,
    };
    await runInstallClients(options, { ...context, stdout: context.stderr });
  }
  return isOtherDaemon || clients.length > 0;
}

async function collect(context: CliContext): Promise<Finding[]> {
  const settings = context.settings.read();
  const broker = context.env['MCPGATE_BROKER'] || settings.broker;
  const folder = checkFolder(context); // must come first: connecting to the daemon makes the folder private
  const network =
    broker === undefined
      ? Promise.resolve([])
      : checkNetwork(parseBrokerUrl(broker), effectiveEnvironment(context.env, settings), context);
  const [token, way, daemon, clients, tokens] = await Promise.all([
    checkToken(context),
    network,
    checkDaemon(context),
    checkClients(context),
    checkTokens(context),
  ]);
  const findings = [...token, ...way, ...folder, ...daemon, ...clients, ...tokens];
  return findings.map((finding) => ({ ...finding, text: context.words(finding.text) }));
}
