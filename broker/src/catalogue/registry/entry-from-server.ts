// An entry of the catalogue from what an MCP registry says of a server. A registry is a stranger: nothing of its text may stand for a secret of
// the vault, no package without an exact version is taken, and names of packages can be nothing else to npx, uvx or docker.
import { type CatalogueEntry, CatalogueEntrySchema, type CatalogueEntryText } from 'mcpgate-shared/api/catalogue';
import { GateError } from 'mcpgate-shared/error';
import { FieldCollector } from './field-collector.ts';
import { assertOwnVariable, runnerWords } from './package-runners.ts';
import {
  type Argument,
  type Package,
  PackageSchema,
  type Remote,
  RemoteSchema,
  ServerDetailSchema,
  ServerResponseSchema,
  statusOf,
} from './server-json.ts';

type Transport = CatalogueEntryText['transport'];

const NO_VERSION = 'its package has no exact version';

/** How a package may speak, so that the broker can start it: the others wait for connections of their own. */
const STARTED: ReadonlySet<string> = new Set(['stdio']);

/** How each kind of package is started, with its version pinned. */
const STARTS: Readonly<Record<string, (pack: Package, fields: FieldCollector) => Transport>> = {
  npm(pack, fields) {
    assertName(pack, /^(?:@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]*$/i, 'https://registry.npmjs.org');
    const before = runnerWords('npx', runtimeArguments(pack, fields)).filter((arg) => arg !== '-y' && arg !== '--yes');
    const args = [...before, '-y', `${pack.identifier}@${versionOf(pack)}`, ...packageArguments(pack, fields)];
    return { kind: 'stdio', command: 'npx', args, env: environment(pack, fields) };
  },
  pypi(pack, fields) {
    assertName(pack, /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i, 'https://pypi.org');
    const args = [
      ...runnerWords('uvx', runtimeArguments(pack, fields)),
      `${pack.identifier}@${versionOf(pack)}`,
      ...packageArguments(pack, fields),
    ];
    return { kind: 'stdio', command: 'uvx', args, env: environment(pack, fields) };
  },
  oci(pack, fields) {
    const image = imageOf(pack);
    const env = environment(pack, fields);
    const args = [
      ...['run', '-i', '--rm'],
      ...runnerWords('docker', runtimeArguments(pack, fields)).filter((arg) => arg !== '-i' && arg !== '--rm'),
      // The value comes from the environment of docker itself, and stands on no command line.
      ...Object.keys(env).flatMap((name) => ['-e', name]),
      image,
      ...packageArguments(pack, fields),
    ];
    return { kind: 'stdio', command: 'docker', args, env };
  },
};

/** Throws `usage` saying why the server cannot be added. */
export function entryFromServer(answer: unknown): CatalogueEntry {
  const response = ServerResponseSchema.safeParse(answer);
  const detail = ServerDetailSchema.safeParse(response.data?.server);
  if (!response.success || !detail.success)
    throw new GateError('usage', 'the registry describes it in an unknown form');
  const { status, message } = statusOf(response.data);
  if (status === 'deleted') throw new GateError('usage', 'it was deleted from the registry');
  const { name, title, description, version, remotes, packages, websiteUrl, repository } = detail.data;
  const fields = new FieldCollector();
  const { transport, pack } = chosen(remotes, packages, fields);
  const collected = fields.all();
  const hasKeys = collected.some(({ of }) => of === 'account');
  const entry = CatalogueEntrySchema.safeParse({
    name: `registry:${name}`,
    title: title ?? name,
    description,
    maker: name.split('/')[0] ?? name,
    version,
    verified: false,
    transport,
    fields: collected,
    // A registry does not say where a server wants OAuth: the server itself does, once it is asked.
    oauth: pack === undefined ? { client: 'automatic' } : null,
    credential: 'shared',
    account: hasKeys ? 'keys' : null,
    docs: websiteUrl ?? repository?.url ?? null,
    note: notesOf(status, message, hasKeys, pack),
  });
  if (entry.success) return entry.data;
  throw new GateError('usage', 'the registry describes it in an unknown form');
}

/** A remote of Streamable HTTP first, then the older transport, then the first package that can be started. */
function chosen(
  remotes: readonly unknown[],
  packages: readonly unknown[],
  fields: FieldCollector,
): { transport: Transport; pack?: Package } {
  const read = remotes.flatMap((remote) => RemoteSchema.safeParse(remote).data ?? []);
  const remote = read.find(({ type }) => type === 'streamable-http') ?? read.find(({ type }) => type === 'sse');
  if (remote !== undefined) return { transport: fromRemote(remote, fields) };
  const all = packages.flatMap((each) => PackageSchema.safeParse(each).data ?? []);
  const pack = all.find(({ registryType, transport }) => registryType in STARTS && STARTED.has(transport.type));
  const start = pack === undefined ? undefined : STARTS[pack.registryType];
  if (pack !== undefined && start !== undefined) return { transport: start(pack, fields), pack };
  const kinds = [...new Set(all.map(({ registryType }) => registryType))].join(', ');
  throw new GateError(
    'usage',
    kinds === ''
      ? 'it has neither an address nor a package'
      : `its package is of a kind that mcpgate does not start (${kinds}); npm, pypi and oci it does, over stdio`,
  );
}

function fromRemote({ url, headers, variables }: Remote, fields: FieldCollector): Transport {
  return {
    kind: 'http',
    url: fields.template(url, variables ?? {}, 'server'),
    headers: Object.fromEntries(
      headers.map((header) => [named('header', header.name), fields.value(header.name, header)]),
    ),
  };
}

const environment = (pack: Package, fields: FieldCollector): Record<string, string> =>
  Object.fromEntries(
    pack.environmentVariables.map((variable) => {
      const name = named('variable', variable.name);
      assertOwnVariable(name);
      return [name, fields.value(name, variable)];
    }),
  );

const runtimeArguments = (pack: Package, fields: FieldCollector): string[] =>
  pack.runtimeArguments.flatMap((argument) => words(argument, fields));
const packageArguments = (pack: Package, fields: FieldCollector): string[] =>
  pack.packageArguments.flatMap((argument) => words(argument, fields));

/** `--flag=value` is one word, so that a flag is left out together with its value. */
function words(argument: Argument, fields: FieldCollector): string[] {
  const hasValue = argument.value !== undefined || argument.default !== undefined || argument.isRequired;
  if (argument.type === 'positional') return hasValue ? [fields.value(argument.valueHint ?? 'argument', argument)] : [];
  const name = named('argument', argument.name);
  if (argument.value === '' || !hasValue) return argument.isRequired || argument.value === '' ? [name] : [];
  const value = fields.value(name, argument);
  // Of docker's and npx's short flags the value is the next word.
  return name.startsWith('--') ? [`${name}=${value}`] : [name, value];
}

const NAMES = {
  variable: /^[A-Za-z_]\w*$/,
  header: /^[\w!#$%&'*+.^`|~-]+$/,
  argument: /^--?[A-Za-z][\w.-]*$/,
};

/** Names stand in the record as they are: none may hold a reference, a value or a line of its own. */
function named(what: keyof typeof NAMES, name: string): string {
  if (NAMES[what].test(name)) return name;
  throw new GateError('usage', `${JSON.stringify(name)} is no name of ${what === 'argument' ? 'an' : 'a'} ${what}`);
}

function assertName({ identifier, registryBaseUrl }: Package, form: RegExp, registry: string): void {
  if (!form.test(identifier)) throw new GateError('usage', 'the name of its package is none');
  if (registryBaseUrl !== undefined && registryBaseUrl.replace(/\/$/, '') !== registry)
    throw new GateError('usage', `its package lies at ${registryBaseUrl}, which npx and uvx do not ask`);
}

function versionOf({ version }: Package): string {
  if (version === undefined || !/^v?\d[\w.+!-]*$/.test(version)) throw new GateError('usage', NO_VERSION);
  return version;
}

/** `HOST/NAME:TAG` or `…@sha256:…`; the tag may stand in `version`, as in older descriptions. */
function imageOf({ identifier, version, registryBaseUrl }: Package): string {
  const host = registryBaseUrl?.replace(/^https:\/\//, '').replace(/\/$/, '');
  const isWhole = /[:@][^/]+$/.test(identifier);
  const image = isWhole ? identifier : `${host === undefined ? '' : `${host}/`}${identifier}:${version ?? ''}`;
  if (!/^[a-z0-9][a-z0-9._/:-]*(?::[\w][\w.-]{0,127}|@sha256:[a-f0-9]{64})$/.test(image) || image.endsWith(':latest'))
    throw new GateError('usage', NO_VERSION);
  return image;
}

function notesOf(
  status: string,
  message: string | undefined,
  hasKeys: boolean,
  pack: Package | undefined,
): string | null {
  const notes = [
    ...(status === 'deprecated' ? [`Deprecated${message === undefined ? '.' : `: ${message}`}`] : []),
    ...(pack === undefined && !hasKeys
      ? [
          'A registry does not say whether a server wants OAuth: where its test is answered with 401, add it with --oauth.',
        ]
      : []),
    ...(pack?.fileSha256 === undefined ? [] : ['The checksum in the registry is checked by neither npx nor uvx.']),
  ];
  return notes.length === 0 ? null : notes.join(' ');
}
