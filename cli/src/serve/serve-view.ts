// Reads the command line of `mcpgate serve` by hand, because `serve` loads no library for that.
import type { ServeView } from '../channel/resumable-channel.ts';

const USAGE = `Usage: mcpgate serve [--server NAME | --bundle NAME] [--tools all|search] [--profile NAME]

The stdio MCP server that AI clients launch.
  --server NAME        one server, under its own names
  --bundle NAME        a bundle of tools
  --tools all|search   every tool in the list, or three that search, describe and call
  --profile NAME       by the login of this profile
`;

/** What the command line asks for. */
export interface ServeRequest {
  view: ServeView;
  profile?: string;
}

/** Prints the usage and ends the process where the arguments are wrong. */
export function readServeRequest(args: readonly string[]): ServeRequest {
  const request = parse(args);
  if (request !== undefined) return request;
  const isHelp = args.includes('--help') || args.includes('-h');
  (isHelp ? process.stdout : process.stderr).write(USAGE);
  process.exit(isHelp ? 0 : 2);
}

function parse(args: readonly string[]): ServeRequest | undefined {
  const view: ServeView = {};
  const request: ServeRequest = { view };
  const words = args.flatMap((arg) => {
    const at = arg.startsWith('--') ? arg.indexOf('=') : -1;
    return at < 0 ? [arg] : [arg.slice(0, at), arg.slice(at + 1)];
  });
  for (let index = 0; index < words.length; index += 2) {
    const value = words[index + 1] ?? '';
    // Servers and bundles share their names, so one field leads to both.
    const isNamed = words[index] === '--server' || words[index] === '--bundle';
    if (isNamed && view.server === undefined && /^[a-z0-9-]{1,24}$/.test(value)) view.server = value;
    else if (words[index] === '--tools' && (value === 'all' || value === 'search')) view.tools = value;
    else if (words[index] === '--profile' && request.profile === undefined) request.profile = value;
    else return undefined;
  }
  return request;
}
