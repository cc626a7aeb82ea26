// Every key of the configuration file: its form, default and meaning. `docs/configuration.md` is rendered from here.
import { isIP } from 'node:net';
import { z } from 'zod';
import { parseDurationMs } from './duration.ts';
import { parseListenAddress } from './listen-address.ts';

/** What the reference says of a key besides its description. */
export interface KeyNote {
  description: string;
  /** As written in the file; shown as the default or an example. */
  default?: string;
  example?: string;
  env?: string;
  flag?: string;
  /** How to name the form of the value. */
  form: string;
}

export const keyNotes = z.registry<KeyNote>();

const duration = (fallback: string) =>
  z
    .string('write a duration such as 30s, 15m, 8h or 90d')
    .transform((text, context) => {
      const ms = parseDurationMs(text);
      if (ms !== undefined && ms > 0) return ms;
      context.addIssue({ code: 'custom', message: `"${text}" is not a duration; write 30s, 15m, 8h or 90d` });
      return z.NEVER;
    })
    .prefault(fallback);

const path = () => z.string().min(1, 'write a path');

function isCidr(text: string): boolean {
  const [address, prefix, ...rest] = text.split('/');
  const family = isIP(address ?? '');
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

const publicUrl = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const fits = url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:') && url.pathname === '/';
  if (fits && url.search === '' && url.hash === '' && url.username === '' && url.password === '') return url.origin;
  context.addIssue({
    code: 'custom',
    message: `"${text}" is not an origin; write scheme and host only, as https://mcp.example.com`,
  });
  return z.NEVER;
});

const databaseUrl = z
  .string()
  .regex(
    /^(postgres|postgresql|sqlite):/,
    'write postgres://USER@HOST/NAME, or leave it out for the embedded SQLite file',
  );

export const ConfigSchema = z.strictObject({
  listen: z
    .string()
    .refine((text) => parseListenAddress(text) !== undefined, 'write HOST:PORT, as 127.0.0.1:7717')
    .default('127.0.0.1:7717')
    .register(keyNotes, {
      description:
        'Address to serve on. An address that other machines can reach needs `tls`, or `behind_proxy` where a proxy ends TLS. Port 0 takes a free one.',
      form: 'HOST:PORT',
      default: '127.0.0.1:7717',
      env: 'MCPGATE_LISTEN',
      flag: '--listen HOST:PORT',
    }),
  public_url: publicUrl.optional().register(keyNotes, {
    description:
      'Origin under which people and laptops reach the broker; the issuer of its tokens. Requests for another host are refused. Left out: the address it listens on.',
    form: 'origin',
    example: 'https://mcp.example.com',
    env: 'MCPGATE_PUBLIC_URL',
    flag: '--public-url URL',
  }),
  data: path().default('./mcpgate-data').register(keyNotes, {
    description:
      'Folder (0700) of the database, the master key and the socket of the administration commands. In the file, relative to the file.',
    form: 'path',
    default: './mcpgate-data',
    env: 'MCPGATE_DATA',
    flag: '--data DIR',
  }),
  database_url: databaseUrl.optional().register(keyNotes, {
    description: 'PostgreSQL to keep everything in. Left out: an SQLite file in `data`.',
    form: 'URL',
    example: 'postgres://mcpgate@db.internal/mcpgate',
    env: 'DATABASE_URL',
    flag: '--database-url URL',
  }),
  master_key_file: path().optional().register(keyNotes, {
    description:
      'File (0600) of the key that seals the secrets. Left out: `master.key` in `data`, made on the first start. Never in a backup.',
    form: 'path',
    example: '/run/secrets/mcpgate-master-key',
    env: 'MCPGATE_MASTER_KEY_FILE',
  }),
  tls: z
    .strictObject({
      cert: path().register(keyNotes, {
        description: 'PEM file of the certificate with its chain.',
        form: 'path',
        example: '/etc/mcpgate/tls.crt',
        flag: '--tls-cert FILE',
      }),
      key: path().register(keyNotes, {
        description: 'PEM file of its private key.',
        form: 'path',
        example: '/etc/mcpgate/tls.key',
        flag: '--tls-key FILE',
      }),
    })
    .optional(),
  behind_proxy: z
    .array(z.string().refine(isCidr, 'write an address or a range, as 10.0.0.0/8'))
    .default([])
    .register(keyNotes, {
      description:
        'Addresses of the reverse proxies that end TLS in front of the broker. Only their `X-Forwarded-*` headers are believed.',
      form: 'list of CIDR',
      default: '[]',
      example: '[10.0.0.0/8]',
      flag: '--behind-proxy CIDR…',
    }),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').register(keyNotes, {
        description: 'What is logged, on stderr.',
        form: 'debug | info | warn | error',
        default: 'info',
        env: 'MCPGATE_LOG',
        flag: '--log-level LEVEL',
      }),
      format: z.enum(['auto', 'json', 'pretty']).default('auto').register(keyNotes, {
        description: 'JSON lines, or one line for people; `auto`: for people where stderr is a terminal.',
        form: 'auto | json | pretty',
        default: 'auto',
      }),
    })
    .prefault({}),
  tokens: z
    .strictObject({
      access_ttl: duration('10m').register(keyNotes, {
        description: 'How long an access token lasts; laptops renew it by themselves.',
        form: 'duration',
        default: '10m',
      }),
      refresh_ttl: duration('30d').register(keyNotes, {
        description: 'How long a laptop may stay away before its person must log in again.',
        form: 'duration',
        default: '30d',
      }),
      device_code_ttl: duration('10m').register(keyNotes, {
        description: 'How long the code of a device login can be entered.',
        form: 'duration',
        default: '10m',
      }),
    })
    .prefault({}),
  tunnel: z
    .strictObject({
      resume_window: duration('5m').register(keyNotes, {
        description: 'How long the calls of a laptop that lost its connection are kept for it.',
        form: 'duration',
        default: '5m',
      }),
    })
    .prefault({}),
  upstreams: z
    .strictObject({
      start_timeout: duration('60s').register(keyNotes, {
        description: 'How long a server may take to start and answer.',
        form: 'duration',
        default: '60s',
      }),
      request_timeout: duration('5m').register(keyNotes, {
        description: 'How long a call may go on without an answer or progress.',
        form: 'duration',
        default: '5m',
      }),
      idle_timeout: duration('10m').register(keyNotes, {
        description: "After how long without a call a person's own process ends; the next call starts it again.",
        form: 'duration',
        default: '10m',
      }),
    })
    .prefault({}),
  drain: z
    .strictObject({
      timeout: duration('30s').register(keyNotes, {
        description: 'How long calls under way may take to finish after SIGTERM.',
        form: 'duration',
        default: '30s',
      }),
    })
    .prefault({}),
});

/** The configuration as the file means it, defaults filled in. */
export type ConfigFile = z.output<typeof ConfigSchema>;
