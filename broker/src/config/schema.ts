// Every key of the configuration file: its form, default and meaning. `docs/configuration.md` is rendered from here.
import { z } from 'zod';
import { cidr, count, databaseUrl, duration, path, publicUrl, size } from './key-forms.ts';
import { keyNotes } from './key-notes.ts';
import { limitsSchema } from './limits-schema.ts';
import { parseListenAddress } from './listen-address.ts';
import { forwardedAuthSchema, localAccountsSchema, oidcSchema, signInIsPossible } from './sign-in-schema.ts';
import { stdioSchema } from './stdio-schema.ts';

export const ConfigShape = z.strictObject({
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
  behind_proxy: z.array(cidr()).default([]).register(keyNotes, {
    description:
      'Addresses of the reverse proxies that end TLS in front of the broker. Only their `X-Forwarded-*` headers are believed.',
    form: 'list of CIDR',
    default: '[]',
    example: '[10.0.0.0/8]',
    flag: '--behind-proxy CIDR…',
  }),
  local_accounts: localAccountsSchema,
  oidc: oidcSchema,
  forwarded_auth: forwardedAuthSchema,
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
      backlog: size('16MiB', 64 * 1024).register(keyNotes, {
        description:
          'How many bytes of answers are kept for an AI client that does not take them, or whose laptop is away; past it the AI client’s channel ends. One answer more always fits. Laptops keep as much for the broker.',
        form: 'size',
        default: '16MiB',
      }),
      max_message: size('64MiB', 64 * 1024).register(keyNotes, {
        description:
          'The longest message, either way: of an AI client and of a server. A longer one gets an error, and everything else goes on. Laptops learn the limit from the broker. Over HTTP the messages of one login that are on their way in take twice as much memory at most, those of all logins four times as much, so give the broker’s process room for five times this size.',
        form: 'size',
        default: '64MiB',
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
      list_age: duration('5m').register(keyNotes, {
        description:
          'After how long a server’s lists of tools, prompts and resources are read again when somebody asks for them, a tenth more or less. Sooner where the server says that they changed or how long they keep, on a call of a name that is not in them, and after `server test` and `server set`.',
        form: 'duration',
        default: '5m',
      }),
      idle_timeout: duration('10m').register(keyNotes, {
        description:
          'After how long without a call the own process or connection of a person or session ends; the next call starts it again. One that is wanted again within as long may stand unused for twice the time, at most eight times.',
        form: 'duration',
        default: '10m',
      }),
      shared_idle_timeout: duration('never', 'never').register(keyNotes, {
        description:
          'The same for processes that people share. What a stopped one offers stays known; that its lists change is seen when it runs again. One that tells somebody of changed resources is not stopped.',
        form: 'duration | never',
        default: 'never',
      }),
      limits: limitsSchema,
      max_processes: count(500).register(keyNotes, {
        description:
          'How many processes of servers may run. Past it the one that was unused for the longest ends; where all are in use, the call that needs another gets an error.',
        form: 'number',
        default: '500',
      }),
      max_processes_per_server: count(100).register(keyNotes, {
        description: 'The same for each server.',
        form: 'number',
        default: '100',
      }),
      max_processes_per_user: count(50).register(keyNotes, {
        description: 'The same for what is one person’s own, over all servers and sessions.',
        form: 'number',
        default: '50',
      }),
    })
    .prefault({}),
  stdio: stdioSchema,
  metrics: z
    .strictObject({
      allow: z
        .array(cidr())
        .default(['127.0.0.0/8', '::1', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'])
        .register(keyNotes, {
          description:
            'Who may read `/metrics`, which asks for no login. Behind a proxy of `behind_proxy` the client counts; what another proxy passes on is refused. Left out: this host and private networks; `[]`: nobody.',
          form: 'list of CIDR',
          default: "['127.0.0.0/8', '::1', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']",
          example: '[127.0.0.1, 10.20.0.0/16]',
        }),
    })
    .prefault({}),
  tool_search: z
    .array(z.strictObject({ client: z.string().min(1).max(200), above: z.int().min(3) }))
    .default([
      { client: 'windsurf*', above: 100 },
      { client: 'Visual Studio Code*', above: 128 },
    ])
    .register(keyNotes, {
      description:
        'AI clients (by the name they give themselves; `*` and `?` are globs) that take only so many tools: past `above` they get three tools that search, describe and call. `serve --tools all|search` and `/mcp?tools=all|search` say otherwise for one session.',
      form: 'list of { client, above }',
      default: '[{ client: "windsurf*", above: 100 }, { client: "Visual Studio Code*", above: 128 }]',
    }),
  mcp: z
    .strictObject({
      allowed_origins: z.array(publicUrl).default([]).register(keyNotes, {
        description:
          'Origins of web pages that may use `/mcp` from a browser, besides the broker’s own. Clients that are no web pages send no origin and need none.',
        form: 'list of origins',
        default: '[]',
        example: '[https://inspector.example.com]',
      }),
    })
    .prefault({}),
  outbound: z
    .strictObject({
      allow_hosts: z
        .array(z.string().regex(/^[A-Za-z0-9._:-]+$/, 'write a host name or an address, without scheme and port'))
        .default([])
        .register(keyNotes, {
          description:
            'Hosts on private addresses that the broker may fetch what a stranger names from, such as the metadata document of an AI client inside the company. Everything else is fetched from the public internet only.',
          form: 'list of hosts',
          default: '[]',
          example: '[clients.corp.example]',
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

export const ConfigSchema = ConfigShape.refine(signInIsPossible, {
  path: ['local_accounts'],
  message: 'nobody could sign in: write oidc or forwarded_auth too',
});

/** The configuration as the file means it, defaults filled in. */
export type ConfigFile = z.output<typeof ConfigSchema>;
