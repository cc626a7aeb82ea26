// Where a command about servers finds the broker: `--url` is the server's there, as everywhere in `server add`, and the broker's is `--broker`.
import type { Command } from 'commander';
import { type AdminOptions, hostOptions } from '../session/admin-session.ts';

export interface BrokerFlags extends Omit<AdminOptions, 'url'> {
  /** Of the server. */
  url?: string;
  broker?: string;
}

export function brokerFlags(command: Command): Command {
  return hostOptions(command).option('--broker <url>', 'speak to this broker over the network (other commands: --url)');
}

/** As a session takes them. */
export function adminOptionsOf({ url: _url, broker, ...rest }: BrokerFlags): AdminOptions {
  return broker === undefined ? rest : { ...rest, url: broker };
}

/** The flags of `inside` for such a command. */
export function insideOfServers(inside: string): string {
  return inside.replace(/ --url (?=\S+$)/, ' --broker ');
}
