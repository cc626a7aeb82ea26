// A command that the broker starts on its own host, and speaks to over its stdin and stdout.
import { z } from 'zod';
import { withLimits, type OwnLimits } from '../resource-limits.ts';
import { NOTHING_SHOWN, type TransportDescription } from './transport-description.ts';

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
  changed(transport, { limits, network, ...others }) {
    const limited = limits === undefined ? transport : withOwnLimits(transport, limits);
    return [network === undefined ? limited : withNetwork(limited, network), others];
  },
  target: ({ command }) => command,
  fixedTexts: ({ command }) => [command],
} as const satisfies TransportDescription<StdioTransport>;

function withOwnLimits(transport: StdioTransport, form: Parameters<typeof withLimits>[1]): StdioTransport {
  const { limits: known, ...rest } = transport;
  const limits = withLimits(known ?? {}, form);
  return limits === undefined ? rest : { ...rest, limits };
}

function withNetwork(transport: StdioTransport, network: 'full' | 'none'): StdioTransport {
  const { network: _known, ...rest } = transport;
  return network === 'none' ? { ...rest, network } : rest;
}
