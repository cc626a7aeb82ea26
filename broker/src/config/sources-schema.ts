// `sources` and `vault`: from where the values of secrets may be read, other than from the broker's own vault.
import { splitCommand } from 'mcpgate-shared/entries/split-command';
import { z } from 'zod';
import { isSafeUrl } from './safe-url.ts';
import { form, optional, required, withDefault } from './key.ts';
import { choice, duration, path } from './key-forms.ts';

const variables = form(
  'list of variables',
  z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*\*?$/, 'write names of variables; a * may stand at the end')),
);
const commands = form(
  'list of commands',
  z.array(
    z.string().transform((line, context) => {
      const words = splitCommand(line);
      if (words[0]?.startsWith('/') === true && !words[0].includes('*')) return words;
      context.addIssue({
        code: 'custom',
        message: `"${line}": write the full path of the program, so that no other of its name is run`,
      });
      return z.NEVER;
    }),
  ),
);
/** In `…/{workspace}x` one could be the place of a workspace whose name begins alike. */
const isWhole = (path: string): boolean =>
  path.split('/').every((part) => !part.includes('{workspace}') || part === '{workspace}');
const WHOLE = 'write {workspace} as a whole part of a path, as /srv/secrets/{workspace}/token';
const text = form('text', z.string().min(1).max(1000));
const addressSchema = z
  .string()
  .refine(isAddress, 'write https://HOST:PORT of Vault; without TLS it may only be on this host')
  .transform((address) => address.replace(/\/+$/, ''));

function isAddress(address: string): boolean {
  const url = URL.parse(address);
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false;
  return isSafeUrl(url);
}

export const sourcesSchema = z
  .strictObject({
    env: withDefault(variables, ['MCPGATE_SECRET_*'], {
      description:
        'Variables of the broker’s environment that secrets may come from (`secret set NAME --from env:X`); a `*` at the end stands for any ending. Variables that configure the broker itself are never read.',
      example: ['MCPGATE_SECRET_*', 'GITHUB_TOKEN'],
    }),
    files: withDefault(
      form(
        'list of paths',
        z.array(
          z
            .string()
            .regex(/^\/+[^/{]/, 'write full paths')
            .refine(isWhole, WHOLE),
        ),
      ),
      [],
      {
        description:
          'Files, and folders with all below them, that secrets may come from (`--from file:/PATH`). `{workspace}` stands for the workspace of the secret: a path without it is for secrets of `default`. What the broker itself keeps secret, its data and its configuration are never read, wherever they lie. No sandbox shows a server anything of these places, so name folders that hold nothing else.',
        example: ['/run/secrets/mcp', '/srv/secrets/{workspace}'],
      },
    ),
    commands: withDefault(commands, [], {
      description:
        'Commands that secrets may come from (`--from "command:…"`), word for word; a `*` at the end of a word stands for any ending, and alone for any word that is no option. They run as the broker’s user, without a shell.',
      example: [
        '/usr/bin/op read op://*',
        '/usr/bin/aws secretsmanager get-secret-value --secret-id * --query SecretString --output text',
      ],
    }),
    command_env: withDefault(variables, [], {
      description:
        'Variables of the broker’s environment that these commands get besides `PATH`, `HOME`, `USER`, `LOGNAME`, `LANG`, `LC_ALL`, `TMPDIR` and `TZ`.',
      example: ['OP_SERVICE_ACCOUNT_TOKEN', 'AWS_*'],
    }),
    command_timeout: withDefault(duration, '10s', {
      description: 'How long such a command may run. Then it is ended, with all that it has started.',
    }),
  })
  .prefault({});

const hashicorpKeys = z.strictObject({
  address: required(form('URL', addressSchema), {
    description:
      'HashiCorp Vault, or OpenBao, that secrets may come from (`--from vault:PATH#KEY`): the KV engine, version 2.',
    example: 'https://vault.corp.example:8200',
  }),
  namespace: optional(text, {
    description: 'The namespace of the broker’s login and of the secrets.',
    example: 'team-a',
  }),
  ca_file: optional(path, {
    description: 'PEM file of the certificates that Vault’s TLS is trusted by, in place of Node’s own.',
    example: '/etc/mcpgate/vault-ca.pem',
  }),
  mount: withDefault(text, 'secret', { description: 'Where the KV engine is mounted.' }),
  paths: withDefault(
    form('list of paths', z.array(z.string().regex(/^[^/]/, 'write paths below the mount').refine(isWhole, WHOLE))),
    ['*'],
    {
      description:
        'Paths below the mount that may be read; a `*` at the end stands for any ending. `{workspace}` stands for the workspace of the secret: a path without it is for secrets of `default`. Vault’s own policy for the broker’s login counts besides.',
      example: ['mcp/*', 'teams/{workspace}/*'],
    },
  ),
  auth: withDefault(choice('token', 'approle', 'kubernetes'), 'token', {
    description:
      'How the broker logs in. Its token is renewed ahead of its end; where it can be renewed no more, the broker logs in again (`token`: reads the file again).',
  }),
  auth_mount: optional(text, {
    description: 'Where the login method is mounted, below `auth/`. Left out: the name of the method.',
    example: 'kubernetes-prod',
  }),
  token_file: optional(path, {
    description:
      'File of the token, of `auth: token`, as Vault Agent writes it. Left out: `VAULT_TOKEN` of the environment. A token never stands in this file.',
    example: '/run/vault/token',
  }),
  role_id: optional(text, {
    description: 'The role id, of `auth: approle`.',
    example: '59d6d1ca-47bb-4e7e-a40b-8be3bc5a0ba8',
  }),
  secret_id_file: optional(path, {
    description:
      'File of the secret id, of `auth: approle`. Left out: `VAULT_SECRET_ID` of the environment. Read at each login.',
    example: '/run/vault/secret-id',
  }),
  role: optional(text, { description: 'The role, of `auth: kubernetes`.', example: 'mcpgate' }),
  jwt_file: withDefault(path, '/var/run/secrets/kubernetes.io/serviceaccount/token', {
    description: 'File of the service account’s token, of `auth: kubernetes`. Read at each login.',
  }),
});

export const hashicorpSchema = hashicorpKeys
  .superRefine(({ auth, role_id: roleId, role }, context) => {
    if (auth === 'approle' && roleId === undefined)
      context.addIssue({ code: 'custom', path: ['role_id'], message: 'auth: approle needs it' });
    if (auth === 'kubernetes' && role === undefined)
      context.addIssue({ code: 'custom', path: ['role'], message: 'auth: kubernetes needs it' });
  })
  .optional();
