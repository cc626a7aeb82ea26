// `status`: shows the state of the running broker and of its servers.
import { Command } from 'commander';
import { statusApi, type Status } from 'mcpgate-shared/api/status';
import { plainLine } from 'mcpgate-shared/plain-line';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './session/admin-session.ts';
import type { CommandContext } from './context.ts';
import { circuitWords } from './server/circuit-words.ts';
import { counted } from './terminal/counted.ts';
import { columnsOf, hung } from './terminal/hung.ts';
import { ago } from './terminal/table.ts';

export function statusCommand(context: CommandContext): Command {
  return adminOptions(new Command('status').description('how the broker is')).action(
    async (options: AdminOptions) => await withSession(context, options, showStatus),
  );
}

async function showStatus({ api, show, context }: AdminSession): Promise<void> {
  const status = await api.call(statusApi.status, {});
  const { memory, event_loop_delay_ms: delay } = status;
  const lines = [
    `mcpgate-broker ${status.version} at ${status.url}: ${status.state === 'not_ready' ? 'not ready' : status.state}`,
    `process      ${status.pid}, started ${ago(status.started_at, context.now())}`,
    `data         ${status.data} (${status.database})`,
    ...masterKeyLine(status, context.now()),
    ...backupLine(status, context.now()),
    ...auditLine(status, context.now()),
    ...status.other_brokers.map((location) => `beside       ${plainLine(location)}`),
    `enforcement  ${status.enforcement}, ${status.rules} rule${status.rules === 1 ? '' : 's'}`,
    `people       ${status.users}`,
    ...(status.laptops_with_tokens === 0
      ? []
      : [
          `laptops      ${status.laptops_with_tokens} with service tokens in clear, ${status.laptops_with_live_secrets} of them with secrets in use here`,
        ]),
    ...(status.proposals === 0 ? [] : [`proposals    ${status.proposals}: \`server proposals\``]),
    `links        ${status.links}, with ${status.channels} channel${status.channels === 1 ? '' : 's'}`,
    `memory       ${megabytes(memory.process_bytes)}; for laptops ${megabytes(memory.backlog_bytes)}, in sockets ${megabytes(memory.socket_bytes)}, for slow readers ${megabytes(memory.held_bytes)}, half received ${megabytes(memory.partial_bytes)}`,
    `event loop   late by ${delay.p50} ms (median), ${delay.p99} ms (p99), ${delay.max} ms (most) in the last minute`,
    ...status.servers.map((server) =>
      [
        `server       ${server.name}: ${server.state}`,
        ...(server.tools === null ? [] : [`${server.tools} tools`]),
        ...(server.processes === 0 ? [] : [`${server.processes} process${server.processes === 1 ? '' : 'es'}`]),
        ...circuitWords(server, context.now()),
        ...(server.error === null ? [] : [plainLine(server.error)]),
      ].join(', '),
    ),
    ...status.warnings.map((warning) => `!            ${plainLine(warning)}`),
  ];
  show(status, hung(lines.join('\n'), columnsOf(context.stdout)));
}

function masterKeyLine({ master_key: key }: Status, now: number): string[] {
  if (key === null) return [];
  return [`master key   ${key.id}, made ${ago(key.created_at, now)}${key.is_rotating ? ', being rotated' : ''}`];
}

function backupLine({ last_backup: last }: Status, now: number): string[] {
  return last === null ? [] : [`backup       the last one ${ago(last.at, now)}, ${megabytes(last.bytes)}`];
}

function auditLine({ audit }: Status, now: number): string[] {
  if (audit === null) return [];
  const kept = audit.durability === 'disk' ? 'once they are on disk' : 'once they are committed';
  const checkpoint = audit.checkpoint_at === null ? '' : `; last checkpoint ${ago(audit.checkpoint_at, now)}`;
  const { archives } = audit;
  const files =
    archives === null || archives.files === 0
      ? ''
      : `; ${counted(archives.rows, 'old row')} in ${counted(archives.files, 'archive')}`;
  return [`audit log    records count ${kept}${checkpoint}${files}`];
}

const megabytes = (bytes: number): string =>
  `${(bytes / 1024 / 1024).toFixed(bytes > 0 && bytes < 10_485_760 ? 1 : 0)} MiB`;
