// Plans an import: makes a server of each entry in an AI client's file, with a free name, and takes its secrets out. An entry that cannot be
// imported does not stop the others; the plan has a warning for everything that is left out or changed.
import { ServerNameSchema } from 'mcpgate-shared/api/fields';
import type { Isolation, ProcessIsolation } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import type { ServerRecord } from '../../domain/server-record.ts';
import { referencesIn, secretReference } from 'mcpgate-shared/values/secret-reference';
import { readTransport, runsHere, type Transport } from '../../domain/transports/transports.ts';
import { openTextsOf, secretNamesOfRecord } from '../../domain/transports/transport-texts.ts';
import { legalServerName, readClientEntry, type ServerDraft as EntryDraft } from 'mcpgate-shared/entries/client-entry';
import { preferEnvironment } from './prefer-environment.ts';
import { extractSecrets, type FoundSecret } from 'mcpgate-shared/entries/secret-extraction';

/** An entry of the file with its transport as a server's record has it. */
interface ServerDraft extends Omit<EntryDraft, 'transport'> {
  transport: Transport;
}

export interface ImportRequest {
  mcpServers: Readonly<Record<string, unknown>>;
  /** By the server's name in the file, or its name in the broker. */
  isolation: Readonly<Record<string, Isolation>>;
  trust_annotations: readonly string[];
  /** Inputs (`${input:NAME}`) that the AI client asks for as passwords. */
  inputs: readonly string[];
  /** Names of doubtful values that the administrator has said are no secrets. */
  plain: readonly string[];
}

export interface PlannedServer {
  draft: ServerDraft;
  isolation: Isolation;
  trustAnnotations: boolean;
  found: readonly FoundSecret[];
}

export interface ImportPlan {
  servers: readonly PlannedServer[];
  renamed: readonly { from: string; to: string }[];
  warnings: readonly string[];
}

/**
 * `inVault`: names of secrets in the vault. `isAvoided`: whether a secret's name must not be made up. Throws `usage` where there is nothing to
 * import, or the request names a server that the file does not have.
 */
export function planImport(
  request: ImportRequest,
  existing: readonly ServerRecord[],
  isolation: ProcessIsolation,
  inVault: ReadonlySet<string>,
  isAvoided: (secret: string) => boolean = () => false,
): ImportPlan {
  const warnings: string[] = [];
  const servers: PlannedServer[] = [];
  const renamed: { from: string; to: string }[] = [];
  // A name that is made up for a secret must not be that of a secret in the vault, nor one that a record refers to already.
  const usedSecrets = new Set([...inVault, ...existing.flatMap(secretNamesOfRecord)]);
  const usedNames = new Set(existing.map((server) => server.name));
  const named = new Set<string>();
  let known = 0;
  for (const [given, value] of Object.entries(request.mcpServers)) {
    const read = readEntry(given, value);
    named.add(given);
    if ('skipped' in read) {
      warnings.push(read.skipped);
      continue;
    }
    const isTaken = (secret: string): boolean => usedSecrets.has(secret) || isAvoided(secret);
    const inputs = new Set([...request.inputs, ...read.inputs]);
    const options = { isTaken, plain: new Set(request.plain), passwordInputs: inputs };
    const legal = legalName(given);
    // Other processes cannot read the arguments of a server in a sandbox, so the entry stays as it was written.
    const { transport: entry, moved } =
      isolation === 'sandbox' ? { transport: read.transport, moved: [] } : preferEnvironment(read.transport);
    const { transport: alike } = extractSecrets(legal, entry, options);
    const twin = existing.find((server) => isNameOf(server.name, legal) && isSame(server, alike));
    if (twin !== undefined) {
      known += 1;
      warnings.push(
        `${given.trim() === '' ? 'an entry without a name' : given}: is registered already as ${twin.name}; left out (\`secret set\` changes its secrets)`,
      );
      continue;
    }
    const name = freeName(legal, usedNames);
    usedNames.add(name);
    named.add(name);
    if (name !== given) renamed.push({ from: given, to: name });
    const { transport, found } = extractSecrets(name, entry, options);
    for (const secret of found) usedSecrets.add(secret.name);
    const own = runsHere(entry) ? Object.keys(entry.env) : [];
    for (const { flag, variable } of moved)
      warnings.push(`${name}: ${flag} is given as ${variable}, because other processes of the host can read arguments`);
    if (isolation !== 'sandbox') warnings.push(...inArguments(name, found));
    if (!read.enabled)
      warnings.push(`${name}: is disabled in the file, and here too; \`server enable ${name}\` offers it`);
    warnings.push(...read.warnings, ...unfilled(name, transport, own));
    servers.push({
      draft: { ...read, name, transport },
      isolation: request.isolation[given] ?? request.isolation[name] ?? 'shared',
      trustAnnotations: request.trust_annotations.includes(given) || request.trust_annotations.includes(name),
      found,
    });
  }
  const unknown = [
    ...Object.keys(request.isolation).map((name) => ['--isolation', name] as const),
    ...request.trust_annotations.map((name) => ['--trust-annotations', name] as const),
  ].filter(([, name]) => !named.has(name));
  if (unknown.length > 0)
    throw nothing(unknown.map(([flag, name]) => `${flag} ${name}: the file has no server of this name`));
  if (servers.length === 0)
    throw nothing([
      known > 0 ? 'all that can be is registered already' : 'the file holds no server to import',
      ...warnings,
    ]);
  return { servers, renamed, warnings };
}

/** A warning for each secret among the arguments, which other processes can read while the server runs. */
function inArguments(name: string, found: readonly FoundSecret[]): string[] {
  return found
    .filter(({ from }) => /^(?:argument|shell line|code)/.test(from))
    .map(
      ({ from, name: secret }) =>
        `${name}: ${from} (${secret}) stays an argument, which other processes of the host can read where there is no sandbox; give it in the environment where the program takes it there`,
    );
}

function readEntry(given: string, value: unknown): ServerDraft | { skipped: string } {
  const read = readClientEntry(given, value);
  if ('skipped' in read) return read;
  return { ...read, transport: readTransport(read.transport) };
}

const nothing = (reasons: readonly string[]): GateError =>
  new GateError('usage', `nothing was imported:\n${reasons.map((line) => `  ${line}`).join('\n')}`);

const legalName = (name: string): string => (ServerNameSchema.safeParse(name).success ? name : legalServerName(name));

/** Whether `name` is `legal`, or `legal` with a number that made it free. */
const isNameOf = (name: string, legal: string): boolean =>
  name === legal || (/-\d+$/.test(name) && legal.startsWith(name.replace(/-\d+$/, '')));

function freeName(name: string, used: ReadonlySet<string>): string {
  if (!used.has(name)) return name;
  for (let number = 2; ; number++) {
    const tail = `-${number}`;
    const each = name.slice(0, 24 - tail.length) + tail;
    if (!used.has(each)) return each;
  }
}

/** Whether two records differ in nothing but the names of their secrets. */
function isSame(known: ServerRecord, transport: ServerRecord['transport']): boolean {
  const bare = (value: unknown): string => {
    const text = JSON.stringify(value);
    let out = '';
    let from = 0;
    for (const { start, end } of referencesIn(text)) {
      out += text.slice(from, start) + secretReference('');
      from = end;
    }
    return out + text.slice(from);
  };
  const { limits: _mine, ...mine } = { limits: undefined, ...known.transport };
  const { limits: _theirs, ...theirs } = { limits: undefined, ...transport };
  return bare(sorted(mine)) === bare(sorted(theirs));
}

const sorted = (value: object): unknown =>
  Object.entries(value)
    .map(([key, each]) => [
      key,
      typeof each === 'object' && each !== null && !Array.isArray(each) ? sorted(Object(each)) : each,
    ])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));

/** A warning for placeholders of the AI client that stay in the record: the broker does not fill them in. */
function unfilled(name: string, transport: ServerRecord['transport'], own: readonly string[]): string[] {
  const found = openTextsOf(transport).flatMap((text) =>
    [...text.matchAll(/\$\{(?!home\})(?:env:|input:|config:)?([\w.-]+)\}|\{(?:env|file):[^{}]+\}/g)].flatMap(
      ([whole, variable]) => (variable !== undefined && own.includes(variable) ? [] : [whole]),
    ),
  );
  const each = [...new Set(found)];
  return each.length === 0
    ? []
    : [`${name}: ${each.join(', ')} of the AI client means nothing here, and stands there as it is`];
}
