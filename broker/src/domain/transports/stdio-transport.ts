// Describes the transport `stdio`: a command that the broker starts on its own host, and speaks to over its stdin and stdout.
import { z } from 'zod';
import { limitsForm, withLimits, type OwnLimits } from '../bounds/resource-limits.ts';
import {
  NOTHING_SHOWN,
  type TransportChanges,
  type TransportDescription,
  withValues,
} from './transport-description.ts';

export interface StdioTransport {
  kind: 'stdio';
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd?: string;
  /** The broker's configuration gives the limits that are left out. */
  limits?: OwnLimits;
  /** Which network the process can reach: that of its host (`full`, the default), or none. */
  network?: 'full' | 'none';
}

const limit = z.number().nullable().exactOptional();

export const stdioTransport = {
  reach: 'process',
  stored: z.object({
    kind: z.literal('stdio'),
    command: z.string(),
    args: z.array(z.string()),
    env: z.record(z.string(), z.string()),
    cwd: z.string().exactOptional(),
    limits: z.object({ memoryBytes: limit, openFiles: limit, processes: limit, cpuSeconds: limit }).exactOptional(),
    network: z.enum(['full', 'none']).exactOptional(),
  }),
  read({ cwd, limits: form, network, ...rest }) {
    const limits = withLimits({}, form ?? {});
    return {
      ...rest,
      ...(cwd === undefined ? {} : { cwd }),
      ...(limits === undefined ? {} : { limits }),
      ...(network === 'none' ? { network } : {}),
    };
  },
  shown: ({ command, args, env, cwd, network }) => ({
    ...NOTHING_SHOWN,
    command,
    args: [...args],
    env: { ...env },
    cwd: cwd ?? null,
    network: network ?? 'full',
  }),
  shownTexts: ({ command, args, env }) => ({ kind: 'stdio', command: command ?? '', args, env }),
  form: ({ kind, command, args, env, cwd, limits, network }) => ({
    ...{ kind, command, args: [...args], env: { ...env } },
    ...(cwd === undefined ? {} : { cwd }),
    ...(limits === undefined ? {} : { limits: limitsForm(limits) }),
    ...(network === undefined ? {} : { network }),
  }),
  begun: ({ command }) => (command === undefined ? undefined : { kind: 'stdio', command, args: [], env: {} }),
  changed(transport, { limits, network, command, args, env, cwd, ...others }) {
    const started = withStart(transport, { command, args, env, cwd });
    const limited = limits === undefined ? started : withOwnLimits(started, limits);
    return [network === undefined ? limited : withNetwork(limited, network), others];
  },
  // Arguments, environment and folder say what the command does, and so who reads the keys that it is started with.
  target: ({ command, args, cwd, env }) =>
    JSON.stringify([command, args, cwd ?? null, Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1))]),
  identityHeader: () => undefined,
  fixedTexts: ({ command }) => [command],
} as const satisfies TransportDescription<StdioTransport>;

type Start = Pick<TransportChanges, 'command' | 'args' | 'env' | 'cwd'>;

function withStart(transport: StdioTransport, { command, args, env, cwd }: Start): StdioTransport {
  if (command === undefined && args === undefined && env === undefined && cwd === undefined) return transport;
  const { cwd: known, ...rest } = transport;
  const folder = cwd === undefined ? known : (cwd ?? undefined);
  return {
    ...rest,
    command: command ?? rest.command,
    args: args ?? rest.args,
    env: withValues(rest.env, env),
    ...(folder === undefined ? {} : { cwd: folder }),
  };
}

function withOwnLimits(transport: StdioTransport, form: Parameters<typeof withLimits>[1]): StdioTransport {
  const { limits: known, ...rest } = transport;
  const limits = withLimits(known ?? {}, form);
  return limits === undefined ? rest : { ...rest, limits };
}

function withNetwork(transport: StdioTransport, network: 'full' | 'none'): StdioTransport {
  const { network: _known, ...rest } = transport;
  return network === 'none' ? { ...rest, network } : rest;
}
