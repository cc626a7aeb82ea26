// `server add --from ENTRY`: asks for what an entry of the catalogue needs, adds the server, and tests it. Values of secrets come from a prompt
// that shows nothing, or from stdin; never from arguments.
import { text as readAll } from 'node:stream/consumers';
import { createInterface } from 'node:readline/promises';
import {
  type AddedFromCatalogue,
  catalogueApi,
  type CatalogueEntry,
  type CatalogueField,
} from 'mcpgate-shared/api/catalogue';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import { namedValuesOf, runsOf } from 'mcpgate-shared/values/record-outline';
import { shellWord } from '../../domain/shell-word.ts';
import type { Reach } from '../../domain/transports/transport-description.ts';
import { reachOf } from '../../domain/transports/transports.ts';
import { accountOf, type AccountFlags } from './account-flags.ts';
import type { AdminOptions, AdminSession } from '../session/admin-session.ts';
import { isConfirmed } from '../terminal/confirm.ts';
import { isolationFlag } from './isolation-flag.ts';
import { readHidden } from '../terminal/read-secret.ts';
import { hasFailed, showSteps, stepsOf } from './server-test.ts';
import { pairs } from '../values.ts';

export interface FromOptions extends AdminOptions, AccountFlags {
  from?: string;
  name?: string | undefined;
  keys?: boolean;
  field?: string[];
  secret?: string[];
  isolation?: string;
  dryRun?: boolean;
  yes?: boolean;
  /** False with `--no-test`. */
  test?: boolean;
}

type Request = Parameters<typeof requestOf>[0] & ReturnType<typeof requestOf>;

/** Whether it was added, and its test failed. */
export async function addFromCatalogue(
  session: AdminSession,
  options: FromOptions & { from: string },
): Promise<boolean> {
  const { api, show, json } = session;
  const entry = await api.call(catalogueApi.show, { params: { name: options.from } });
  const request = requestOf(options, entry);
  refuseSecretFields(entry, request.values);
  const plan = await api.call(catalogueApi.add, { body: { ...request, dry_run: true } });
  if (options.dryRun === true) {
    show(plan, planText(entry, plan));
    return false;
  }
  if (plan.missing.includes('client_id')) throw noClient(entry, plan.redirect_url ?? '');
  await assertWanted(session, entry, plan, options.yes === true);
  const values = { ...request.values, ...(await givenValues(session, entry, request, plan)) };
  const added = await api.call(catalogueApi.add, { body: { ...request, values } });
  const { record } = added;
  const isTested = options.test !== false && record.account === null;
  if (!json) show(added, addedText(added));
  const steps = isTested ? await stepsOf(session, record.name) : [];
  const failed = hasFailed(steps);
  const next = nextOf(session, added, failed);
  if (json) show({ ...added, steps, next }, '');
  else {
    if (isTested) showSteps(session, steps);
    show(added, next.map((line) => `next: ${line}`).join('\n'));
  }
  return failed;
}

/** What the flags say, as the API takes it. Throws `usage`. */
function requestOf(options: FromOptions & { from: string }, entry: CatalogueEntry) {
  const { from, name, keys = false, field, secret, isolation } = options;
  const { credential, account } = accountOf(options);
  if (keys && account !== undefined)
    throw new GateError('usage', 'an account is made by --oauth or of --keys, not both');
  const { scopes, client_id, issuer } = account?.kind === 'oauth' ? account : {};
  return {
    from,
    values: pairs('--field', field, /=/),
    secrets: pairs('--secret', secret, /=/),
    ...(name === undefined ? {} : { name }),
    ...(entry.version === null ? {} : { version: entry.version }),
    ...(credential === undefined ? {} : { credential }),
    ...(keys ? { account: 'keys' as const } : {}),
    ...(account === undefined ? {} : { account: 'oauth' as const }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(client_id === undefined ? {} : { client_id }),
    ...(options.clientSecretRef === undefined ? {} : { client_secret: options.clientSecretRef }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(isolation === undefined ? {} : { isolation: isolationFlag(isolation) }),
  };
}

/** A command line can be read by other people, and stays in the shell's history. */
function refuseSecretFields({ fields }: CatalogueEntry, values: Readonly<Record<string, string>>): void {
  const secret = fields.find((field) => field.secret && values[field.name] !== undefined);
  if (secret === undefined) return;
  throw new GateError(
    'usage',
    `--field ${secret.name}: a value on the command line can be read by other people and stays in the shell history: nothing was stored. ` +
      `Type it at the prompt, give it on stdin, or name a secret of the vault: --secret ${secret.name}=NAME. Where it was real, replace it at its service.`,
  );
}

const noClient = ({ name, oauth }: CatalogueEntry, redirectUrl: string): GateError =>
  new GateError(
    'usage',
    `${name} registers no client by itself: register one there, with the redirect URL ${plainLine(redirectUrl)}${redirectUrl.endsWith('/DIGEST') ? ' (DIGEST: `printf %s ISSUER | sha256sum | cut -c1-32`)' : ''}, and give it with --oauth --client-id ID --client-secret-ref NAME${oauth?.issuer === null ? ' --issuer URL' : ''}.` +
      (oauth?.help === null || oauth === null ? '' : ` ${plainLine(oauth.help)}`),
  );

const commandOf = ({ transport }: AddedFromCatalogue['record']): string => runsOf(transport, shellWord);

/** What goes along with the command or the address: its variables or headers. */
const valuesOf = ({ transport }: AddedFromCatalogue['record']): string[] =>
  Object.entries(namedValuesOf(transport)).map(([name, value]) => `${plainLine(name)}=${plainLine(value)}`);

const asLine = (value: string): string => `  value      ${value}`;

const ASKED = {
  url: { does: 'is reached at', question: 'Add it?' },
  process: { does: 'runs on the broker’s host:', question: 'Run it?' },
} as const satisfies Record<Reach, unknown>;

/** What a registry names runs on the broker's host, or is sent what it asks for, only where somebody has seen it. */
async function assertWanted(
  { context }: AdminSession,
  { verified, name }: CatalogueEntry,
  { record }: AddedFromCatalogue,
  isYes: boolean,
): Promise<void> {
  if (isYes || verified || !name.startsWith('registry:')) return;
  const { does, question } = ASKED[reachOf(record.transport)];
  const what = `${plainLine(name)} ${does} ${plainLine(commandOf(record))}`;
  const values = valuesOf(record);
  if (context.stdin.isTTY !== true) {
    const along = values.length === 0 ? '' : `, with ${values.join(', ')}`;
    throw new GateError('usage', `${what}${along}; nobody at mcpgate has looked at it: say --yes where you have`);
  }
  if (!(await isConfirmed(context, `${[what, ...values.map(asLine), question].join('\n')} [y/N] `)))
    throw new GateError('cancelled', 'nothing was added');
}

/** What was not given with flags: asked for on a terminal, else read from stdin as far as it is needed. */
async function givenValues(
  session: AdminSession,
  entry: CatalogueEntry,
  request: Pick<Request, 'values' | 'secrets'>,
  plan: AddedFromCatalogue,
): Promise<Record<string, string>> {
  const isOpen = ({ name }: CatalogueField): boolean =>
    request.values[name] === undefined && request.secrets[name] === undefined;
  const missing = entry.fields.filter((field) => plan.missing.includes(field.name));
  const { context, json } = session;
  if (context.stdin.isTTY === true && !json) {
    const people = plan.record.account?.kind === 'keys' ? plan.record.account.fields.map(({ name }) => name) : [];
    const isOurs = ({ name, of }: CatalogueField): boolean =>
      of === 'server' || (plan.record.account === null && !people.includes(name));
    return await ask(
      session,
      entry,
      entry.fields.filter((field) => isOpen(field) && isOurs(field)),
    );
  }
  if (missing.length === 0) return {};
  return valuesFrom(await readAll(context.stdin), entry, missing);
}

async function ask(
  { context }: AdminSession,
  entry: CatalogueEntry,
  fields: readonly CatalogueField[],
): Promise<Record<string, string>> {
  if (fields.length === 0) return {};
  const { stdin, stderr } = context;
  stderr.write(`${plainLine(entry.title)} needs (Ctrl-C adds nothing):\n`);
  const values: Record<string, string> = {};
  for (const field of fields) {
    for (const text of [field.help, field.url]) if (text !== null) stderr.write(`    ${plainLine(text)}\n`);
    const value = field.secret
      ? await readHidden(context, `  ${plainLine(field.label)}${hintOf(field)} (not shown): `)
      : await readLine({ stdin, stderr }, `  ${plainLine(field.label)}${hintOf(field)}: `);
    if (value === '' && field.required && field.default === null)
      throw new GateError('usage', `${field.name} is needed; nothing was added`);
    if (value !== '') values[field.name] = value;
  }
  return values;
}

function hintOf({ default: other, choices, required }: CatalogueField): string {
  const hints = [
    ...(choices.length === 0 ? [] : [choices.join(' | ')]),
    ...(other === null ? [] : [`Enter: ${other}`]),
    ...(required || other !== null ? [] : ['Enter: none']),
  ];
  return hints.length === 0 ? '' : ` [${plainLine(hints.join('; '))}]`;
}

async function readLine(
  { stdin, stderr }: Pick<AdminSession['context'], 'stdin' | 'stderr'>,
  question: string,
): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    return (await lines.question(question)).trim();
  } catch (cause) {
    throw new GateError('cancelled', 'nothing was added', { cause });
  } finally {
    lines.close();
  }
}

/** Stdin is the one value that is missing, or has a line `FIELD=VALUE` for each. */
function valuesFrom(
  given: string,
  { name, fields }: CatalogueEntry,
  missing: readonly CatalogueField[],
): Record<string, string> {
  const names = missing.map((field) => field.name).join(', ');
  const [only, ...others] = missing;
  const isByName = fields.some((field) => given.startsWith(`${field.name}=`));
  const values =
    only !== undefined && others.length === 0 && !isByName
      ? { [only.name]: given.replace(/\r?\n$/, '') }
      : pairs(
          'stdin',
          given.split(/\r?\n/).filter((line) => line !== ''),
          /=/,
        );
  const still = missing.filter((field) => (values[field.name] ?? '') === '');
  if (still.length === 0) return values;
  throw new GateError(
    'usage',
    `${name} needs ${names}: open values with --field NAME=VALUE, secrets of the vault with --secret NAME=SECRET, and the rest on stdin, ` +
      'a line NAME=VALUE for each, or the value alone where it is one',
  );
}

function planText(entry: CatalogueEntry, { record, secrets, missing }: AddedFromCatalogue): string {
  return [
    `would add ${record.name} from ${plainLine(entry.name)}`,
    `  runs       ${plainLine(commandOf(record))}`,
    ...valuesOf(record).map(asLine),
    `  credential ${credentialText(entry, record)}`,
    ...(record.isolation === 'shared' ? [] : [`  isolation  ${record.isolation}`]),
    ...secrets.map(({ field, name }) => `  ${field} would be the secret ${name}`),
    ...(missing.length === 0 ? [] : [`  still to be given: ${missing.join(', ')}`]),
  ].join('\n');
}

/** `none` where it takes nothing, which is nobody's and not everybody's. */
function credentialText(entry: CatalogueEntry, { credential, account }: AddedFromCatalogue['record']): string {
  if (account === null) return entry.account === null ? 'none' : credential;
  const keys = account.kind === 'oauth' ? 'by OAuth' : `keys: ${account.fields.map(({ name }) => name).join(', ')}`;
  return `${credential}, ${keys}`;
}

function addedText({ record, secrets }: AddedFromCatalogue): string {
  return [
    `added ${record.name}: ${plainLine(commandOf(record))}`,
    ...secrets.map(({ field, name }) => `  ${field} is now the secret ${name}`),
  ].join('\n');
}

/** What is left to do, as commands where there are some. */
function nextOf({ inside }: AdminSession, { record, secrets }: AddedFromCatalogue, failed: boolean): string[] {
  const { name, credential, account } = record;
  if (failed)
    return [
      ...secrets.map((secret) => `mcpgate-broker secret set ${secret.name}${inside}`),
      `mcpgate-broker server test ${name}${inside}`,
    ];
  // It can be copied as it is; a shell takes what follows # for a comment.
  const allow = `mcpgate-broker rule add --allow --who '*' --what '${name}__*'${inside}  # everybody; else user:… or group:…`;
  if (account === null) return [allow];
  return [
    credential === 'personal'
      ? 'each person is asked for an account of their own at their first call'
      : `mcpgate-broker server connect ${name}${inside}`,
    allow,
  ];
}
