// Renders `mcpgate status` for a person. On a terminal, lines are wrapped or shortened to its width.
import { padded, shortened, textWidth } from 'mcpgate-shared/text-width';
import type { Terminal } from '../../laptop/terminal.ts';
import { DEFAULT_PROFILE } from '../../laptop/profile.ts';
import { hanging } from '../hanging.ts';
import { STATE_WORDS } from '../accounts/own-accounts.ts';
import { onePlainLine } from '../one-plain-line.ts';
import type { Status } from './status-document.ts';
import { entryText, tokenText } from '../tokens/token-view.ts';

const TUNNEL_WORDS: Readonly<Record<string, string>> = {
  idle: 'not connected',
  connecting: 'connecting',
  waiting: 'out of reach, trying again',
  login_needed: 'login needed',
  revoked: 'access revoked',
};

/** The width of a server's name on a narrow terminal. */
const NAME_WIDTH = 32;

/** `typed` completes the commands that are named. */
export function renderStatus(
  status: Status,
  terminal: Pick<Terminal, 'colour' | 'columns'>,
  now: number,
  typed: (text: string) => string = (text) => text,
): string[] {
  const { colour, columns } = terminal;
  const beside = (head: string, indent: number, text: string): string => hanging(head, indent, typed(text), columns);
  const { user, broker, workspace, daemon, tunnel, servers, accounts, clients, token, profile } = status;
  const good = colour.green('✓');
  const bad = colour.red('✗');
  const off = colour.dim('-');
  const line = (mark: string, name: string, text: string): string =>
    beside(`${mark} ${colour.bold(name.padEnd(9))} `, 12, text);
  const ended = tunnel.state === 'login_needed' || tunnel.state === 'revoked';
  const who = token.kind === null ? undefined : (user ?? 'a grant');
  const lines = [
    ...(profile === DEFAULT_PROFILE ? [] : [line(good, 'profile', profile)]),
    who === undefined
      ? line(bad, 'user', `not logged in; run \`mcpgate login ${broker ?? 'https://BROKER'}\``)
      : line(
          ended ? bad : good,
          'user',
          `${who}${workspace === null || workspace === 'default' ? '' : ` (workspace ${workspace})`}`,
        ),
    line(broker === null ? off : good, 'broker', broker ?? 'none yet'),
    line(token.kind === null ? off : good, 'token', loginWords(token)),
    daemon.running
      ? line(
          good,
          'daemon',
          `running, pid ${daemon.pid}, version ${daemon.version}, ${plural(daemon.clients, 'client')}${waitingWords(daemon)}`,
        )
      : line(off, 'daemon', 'not running; it starts with the first AI client'),
  ];
  if (tunnel.state === 'open') {
    const since = tunnel.since === null ? '' : `, since ${ago(now - Date.parse(tunnel.since))}`;
    const latency = tunnel.latency_ms === null ? '' : `, ${Math.round(tunnel.latency_ms)} ms`;
    lines.push(line(good, 'tunnel', `open${latency}${since}`));
  } else {
    const words = TUNNEL_WORDS[tunnel.state] ?? tunnel.state;
    const why = tunnel.message === null ? '' : `: ${tunnel.message}`;
    lines.push(line(tunnel.message === null ? off : bad, 'tunnel', `${words}${why}`));
    if (tunnel.login !== null) {
      const { url, user_code: code } = tunnel.login;
      lines.push(line(colour.yellow('!'), 'login', `confirm it at ${url} (if it asks for a code: ${code})`));
    }
  }
  if (servers.length > 0) lines.push('', colour.bold('Servers'));
  const widest = Math.max(0, ...servers.map(({ name }) => textWidth(name)));
  const nameWidth = columns === undefined ? widest : Math.min(widest, NAME_WIDTH);
  for (const { name, state, tools, message, warnings } of servers) {
    const mark = ['ready', 'up', 'idle', 'ok'].includes(state) ? good : colour.yellow('!');
    const odd = warnings === 0 ? '' : `  ${plural(warnings, 'warning')}: \`mcpgate-broker server show ${name}\``;
    const why = message === null ? '' : `  ${onePlainLine(message)}`;
    const shown = padded(shortened(name, nameWidth), nameWidth);
    const count = plural(tools, 'tool');
    const room = (columns ?? Infinity) - 2 - nameWidth - 2 - count.length - 2 - state.length;
    const more = message === null && odd.length > room ? `\n  ${odd}` : message === null ? odd : shortened(why, room);
    lines.push(`${mark} ${shown}  ${count}  ${colour.dim(state)}${more}`);
  }
  if (accounts.length > 0) lines.push('', colour.bold('Your accounts'));
  const longest = Math.max(0, ...accounts.map(({ server }) => server.length));
  for (const { server, state } of accounts) {
    const isReady = state === 'connected';
    const words = isReady ? 'connected' : `${STATE_WORDS[state]}; run \`mcpgate connect ${server}\``;
    lines.push(beside(`${isReady ? good : colour.yellow('!')} ${server.padEnd(longest)}  `, longest + 4, words));
  }
  const present = clients.filter(({ found }) => found);
  if (present.length > 0) lines.push('', colour.bold('AI clients'));
  const titleWidth = Math.max(0, ...present.map(({ title }) => title.length));
  for (const client of present) {
    const words = client.configured
      ? 'set up'
      : (client.error ?? `not set up; run \`mcpgate install-clients ${client.name}\``);
    const mark = client.error === null ? off : bad;
    lines.push(
      beside(`${client.configured ? good : mark} ${client.title.padEnd(titleWidth)}  `, titleWidth + 4, words),
      ...client.tokens.map((token) => beside(`  ${colour.yellow('!')} `, 4, tokenWords(token))),
    );
  }
  return lines.flatMap((each) => each.split('\n'));
}

function loginWords({ kind, store, path }: Status['token']): string {
  if (kind === null) return 'none';
  const what = kind === 'grant' ? 'grant' : 'refresh token';
  if (store === 'environment') return `${what} in MCPGATE_TOKEN`;
  return store === 'file' ? `${what} in a plain file, ${path}` : `${what} in the OS keychain`;
}

/** One of another service, which stands in clear in a client's file. */
function tokenWords(token: Status['clients'][number]['tokens'][number]): string {
  const what = `${entryText(token)}, in clear: ${tokenText(token)}`;
  return token.server === null
    ? what
    : `${what}; mcpgate has ${token.server}: \`mcpgate install-clients --clean-tokens\``;
}

/** The bytes that wait in the daemon, in words; empty where none do. */
function waitingWords({ bytes_to_broker: out, bytes_to_clients: back }: Status['daemon']): string {
  const kib = (bytes: number): string => `${Math.ceil(bytes / 1024)} KiB`;
  return out + back === 0 ? '' : `; waiting: ${kib(out)} for the broker, ${kib(back)} for clients`;
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}
