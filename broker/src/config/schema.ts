// Declares every configuration key: its form, default, description, environment variable and flag (key.ts). To add a key, add it here, or in
// the file of its section.
import { z } from 'zod';
import { form, optional, required, withDefault } from './key.ts';
import {
  choice,
  cidrs,
  count,
  databaseUrl,
  duration,
  durationOrNever,
  httpsUrl,
  listenAddress,
  origin,
  origins,
  path,
  size,
} from './key-forms.ts';
import { auditSchema } from './audit-schema.ts';
import { limitsSchema } from './limits-schema.ts';
import {
  forwardedAuthSchema,
  localAccountsSchema,
  oidcSchema,
  signInIsPossible,
  signInSchema,
} from './sign-in-schema.ts';
import { hashicorpSchema, sourcesSchema } from './sources-schema.ts';
import { stdioSchema } from './stdio-schema.ts';
import { telemetrySchema } from './telemetry-schema.ts';

const searchRules = form(
  'list of { client, above }',
  z.array(z.strictObject({ client: z.string().min(1).max(200), above: z.int().min(3) })),
);
const globs = form('list of globs', z.array(z.string().min(1).max(200)).max(100));
const hosts = form(
  'list of hosts',
  z.array(z.string().regex(/^[A-Za-z0-9._:-]+$/, 'write a host name or an address, without scheme and port')),
);

export const ConfigShape = z.strictObject({
  listen: withDefault(listenAddress, '127.0.0.1:7717', {
    description:
      'Address to serve on. An address that other machines can reach needs `tls`, or `behind_proxy` where a proxy ends TLS. Port 0 takes a free one.',
    env: 'MCPGATE_LISTEN',
    flag: { syntax: '--listen <host:port>', help: 'address to serve on' },
  }),
  public_url: optional(origin, {
    description:
      'Origin under which people and laptops reach the broker; the issuer of its tokens. Requests for another host are refused. Left out: the address it listens on.',
    example: 'https://mcp.example.com',
    env: 'MCPGATE_PUBLIC_URL',
    flag: { syntax: '--public-url <url>', help: 'origin under which people and laptops reach it' },
  }),
  data: withDefault(path, './mcpgate-data', {
    description:
      'Folder (0700) of the database, the master key and the socket of the administration commands. In the file, relative to the file.',
    env: 'MCPGATE_DATA',
    flag: { syntax: '--data <dir>', help: 'folder of database, keys and socket' },
  }),
  database_url: optional(databaseUrl, {
    description: 'PostgreSQL to keep everything in. Left out: an SQLite file in `data`.',
    example: 'postgres://mcpgate@db.internal/mcpgate',
    env: 'DATABASE_URL',
    flag: { syntax: '--database-url <url>', help: 'PostgreSQL instead of the embedded SQLite file' },
  }),
  master_key_file: optional(path, {
    description:
      'File (0600) of the key that seals the secrets. Left out: `master.key` in `data`, made on the first start. Never in a backup.',
    example: '/run/secrets/mcpgate-master-key',
    env: 'MCPGATE_MASTER_KEY_FILE',
  }),
  tls: z
    .strictObject({
      cert: required(path, {
        description:
          'PEM file of the certificate with its chain. A renewed file is taken by itself, once both fit together.',
        reloads: true,
        example: '/etc/mcpgate/tls.crt',
        flag: { syntax: '--tls-cert <file>', help: 'certificate chain, PEM' },
      }),
      key: required(path, {
        description: 'PEM file of its private key.',
        reloads: true,
        example: '/etc/mcpgate/tls.key',
        flag: { syntax: '--tls-key <file>', help: 'its private key, PEM' },
      }),
    })
    .transform(({ cert, key }) => ({ certFile: cert, keyFile: key }))
    .optional(),
  behind_proxy: withDefault(cidrs(), [], {
    description:
      'Addresses of the reverse proxies that end TLS in front of the broker. Only their `X-Forwarded-*` headers are believed.',
    example: ['10.0.0.0/8'],
    flag: { syntax: '--behind-proxy <cidr...>', help: 'addresses of the proxies that end TLS' },
  }),
  local_accounts: localAccountsSchema,
  sign_in: signInSchema,
  oidc: oidcSchema,
  forwarded_auth: forwardedAuthSchema,
  log: z
    .strictObject({
      level: withDefault(choice('debug', 'info', 'warn', 'error'), 'info', {
        description: 'What is logged, on stderr.',
        reloads: true,
        env: 'MCPGATE_LOG',
        flag: { syntax: '--log-level <level>', help: 'debug, info, warn or error' },
      }),
      format: withDefault(choice('auto', 'json', 'pretty'), 'auto', {
        description: 'JSON lines, or one line for people; `auto`: for people where stderr is a terminal.',
      }),
    })
    .prefault({}),
  tokens: z
    .strictObject({
      access_ttl: withDefault(duration, '10m', {
        description: 'How long an access token lasts; laptops renew it by themselves.',
      }),
      refresh_ttl: withDefault(duration, '30d', {
        description: 'How long a laptop may stay away before its person must log in again.',
      }),
      device_code_ttl: withDefault(duration, '10m', {
        description: 'How long the code of a device login can be entered.',
      }),
    })
    .prefault({}),
  tunnel: z
    .strictObject({
      resume_window: withDefault(duration, '5m', {
        description: 'How long the calls of a laptop that lost its connection are kept for it.',
      }),
      backlog: withDefault(size(64 * 1024), '16MiB', {
        description:
          'How many bytes of answers are kept for an AI client that does not take them, or whose laptop is away; past it the AI client’s channel ends. One answer more always fits. Laptops keep as much for the broker.',
      }),
      max_message: withDefault(size(64 * 1024), '64MiB', {
        description:
          'The longest message, either way: of an AI client and of a server. A longer one gets an error, and everything else goes on. Laptops learn the limit from the broker. Over HTTP the messages of one login that are on their way in take twice as much memory at most, those of all logins four times as much, so give the broker’s process room for five times this size.',
      }),
    })
    .prefault({}),
  upstreams: z
    .strictObject({
      start_timeout: withDefault(duration, '60s', {
        description: 'How long a server may take to start and answer.',
      }),
      request_timeout: withDefault(duration, '5m', {
        description: 'How long a call may go on without an answer or progress.',
      }),
      list_age: withDefault(duration, '5m', {
        description:
          'After how long a server’s lists of tools, prompts and resources are read again when somebody asks for them, a tenth more or less. Sooner where the server says that they changed or how long they keep, on a call of a name that is not in them, and after `server test` and `server set`.',
      }),
      idle_timeout: withDefault(duration, '10m', {
        description:
          'After how long without a call the own process or connection of a person or session ends; the next call starts it again. One that is wanted again within as long may stand unused for twice the time, at most eight times.',
      }),
      shared_idle_timeout: withDefault(durationOrNever, 'never', {
        description:
          'The same for processes that people share. What a stopped one offers stays known; that its lists change is seen when it runs again. One that tells somebody of changed resources is not stopped.',
      }),
      limits: limitsSchema,
      max_processes: withDefault(count, 500, {
        description:
          'How many processes of servers may run. Past it the one that was unused for the longest ends; where all are in use, the call that needs another gets an error.',
      }),
      max_processes_per_server: withDefault(count, 100, {
        description: 'The same for each server.',
      }),
      max_processes_per_user: withDefault(count, 50, {
        description: 'The same for what is one person’s own, over all servers and sessions.',
      }),
    })
    .prefault({}),
  stdio: stdioSchema,
  audit: auditSchema.prefault({}),
  telemetry: telemetrySchema.prefault({}),
  secrets: z
    .strictObject({
      max_age: withDefault(durationOrNever, '90d', {
        description:
          'How old the value of a secret may become. Past it `mcpgate-broker status` and, once a day, the log warn of it; it is used all the same. `/metrics` has the age of each (`mcpgate_secret_age_seconds`).',
      }),
    })
    .prefault({}),
  backup: z
    .strictObject({
      max_age: optional(durationOrNever, {
        description:
          'How old the last backup may become. Past it `mcpgate-broker status` warns; `/metrics` has when it was made (`mcpgate_last_backup_timestamp_seconds`). Left out: 7 days from the first backup on, and nothing is said before. Written here: it is also said where there is none.',
        default: '7d',
        reloads: true,
      }),
    })
    .prefault({}),
  sources: sourcesSchema,
  vault: hashicorpSchema,
  api: z
    .strictObject({
      requests_per_minute: withDefault(count, 1_200, {
        description:
          'How many requests to `/api/v1` a person or token may make in a minute, at each broker; past it they get 429, with `Retry-After`. What takes access away (`user disable`, `grant revoke` and the like) is never refused for it, and the socket on the broker’s host knows no limit.',
        reloads: true,
      }),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      allow: withDefault(cidrs(), ['127.0.0.0/8', '::1', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'], {
        description:
          'Who may read `/metrics`, which asks for no login. Behind a proxy of `behind_proxy` the client counts; what another proxy passes on is refused. Left out: this host and private networks; `[]`: nobody.',
        example: ['127.0.0.1', '10.20.0.0/16'],
        reloads: true,
      }),
    })
    .prefault({}),
  tool_search: withDefault(
    searchRules,
    [
      { client: 'windsurf*', above: 100 },
      { client: 'Visual Studio Code*', above: 128 },
    ],
    {
      description:
        'AI clients (by the name they give themselves; `*` and `?` are globs) that take only so many tools: past `above` they get three tools that search, describe and call. `serve --tools all|search` and `/mcp?tools=all|search` say otherwise for one session.',
    },
  ),
  mcp: z
    .strictObject({
      allowed_origins: withDefault(origins, [], {
        description:
          'Origins of web pages that may use `/mcp` from a browser, besides the broker’s own. Clients that are no web pages send no origin and need none.',
        example: ['https://inspector.example.com'],
      }),
    })
    .prefault({}),
  identity: z
    .strictObject({
      groups: withDefault(globs, ['*'], {
        description:
          'Groups (`*` and `?` are globs) that servers with `--identity-header` are told of. Of a person in more than 200 of these, or whose names take more than 4 KB, none is named, and `groups_overage` is true.',
        example: ['tools-*', 'admins'],
      }),
    })
    .prefault({}),
  outbound: z
    .strictObject({
      allow_hosts: withDefault(hosts, [], {
        description:
          'Hosts on private addresses that the broker may fetch what a stranger names from, such as the metadata document of an AI client inside the company. Everything else is fetched from the public internet only.',
        example: ['clients.corp.example'],
      }),
    })
    .prefault({}),
  catalogue: z
    .strictObject({
      registry: withDefault(httpsUrl, 'https://registry.modelcontextprotocol.io', {
        description:
          'MCP registry (API v0.1) that `server catalogue --registry` searches and `server add --from registry:NAME` takes servers from. It may have a private address.',
        example: 'https://mcp-registry.corp.example',
      }),
    })
    .prefault({}),
  drain: z
    .strictObject({
      timeout: withDefault(duration, '30s', {
        description: 'How long calls under way may take to finish after SIGTERM.',
        reloads: true,
      }),
    })
    .prefault({}),
});

export const ConfigSchema = ConfigShape.refine(signInIsPossible, {
  path: ['local_accounts'],
  message: 'nobody could sign in: write oidc or forwarded_auth too',
});

/** The checked values of all keys, transformed by their forms, defaults filled in. */
export type ConfigFile = z.output<typeof ConfigSchema>;
