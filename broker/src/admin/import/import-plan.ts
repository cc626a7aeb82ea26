// What an import would do: each entry of a client's configuration as a server with a name of its own, its secrets taken out. Nothing of one
// entry stops the others; whatever is left out or changed is said.
import { ServerNameSchema } from 'mcpgate-shared/api/fields';
import type { ProcessIsolation } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import type { Isolation, ServerRecord } from '../../domain/server-record.ts';
import { referencesIn } from 'mcpgate-shared/values/secret-reference';
import { readTransport, runsHere, type Transport } from '../../domain/transports/transports.ts';
import { openTextsOf, secretNamesOfRecord } from '../../domain/transports/transport-texts.ts';
import { legalServerName, readClientEntry, type ServerDraft as EntryDraft } from 'mcpgate-shared/entries/client-entry';
import { preferEnvironment } from './prefer-environment.ts';
import { extractSecrets, type FoundSecret } from 'mcpgate-shared/entries/secret-extraction';

/** An entry of the file, with its limits as a record has them. */
interface ServerDraft extends Omit<EntryDraft, 'transport'> {
  transport: Transport;
}

export interface ImportRequest {
  mcpServers: Readonly<Record<string, unknown>>;
  /** By name in the file, or as it is here. */
  isolation: Readonly<Record<string, Isolation>>;
  trust_annotations: readonly string[];
  /** Inputs of the client that it asks for as passwords. */
  inputs: readonly string[];
  /** Names of doubtful secrets that are none. */
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

/** Throws `usage` where there is nothing to import, or a server is named that the file does not have. `isAvoided`: names not to be made up. */
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
  // A name that is made up here must not mean a secret that is there already, whoever refers to it.
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
    // In a sandbox nobody else reads arguments, and the entry stays as it was written.
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

/** Secrets that other processes can read while the server runs. */
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

/** Whether it is the name, or was made of it. */
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
      out += `${text.slice(from, start)}\${secret}`;
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

/** Placeholders of the client that stay: nobody fills them in here. */
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
