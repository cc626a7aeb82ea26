// What the commands about servers print of them.
import { limitsText } from 'mcpgate-shared/api/resource-limits';
import type { Server } from 'mcpgate-shared/api/servers';
import type { ImportResult } from 'mcpgate-shared/api/servers/server-results';
import { plainLine } from 'mcpgate-shared/plain-line';
import { namedValuesOf, runsOf } from 'mcpgate-shared/values/record-outline';
import { shownTextsOf } from '../../domain/transports/transports.ts';

/** What is done, and what is left to do. `inside`: the flags that the next command needs, too. */
export function importText(result: ImportResult, file: string, inside: string): string {
  const { servers, renamed, secrets, unset, warnings, dry_run: isDryRun } = result;
  const lines = [`${isDryRun ? 'would import' : 'imported'} ${servers.join(', ') || 'nothing'}`];
  for (const { from, to } of renamed) lines.push(`  ${to}: is named ${JSON.stringify(plainLine(from))} in the file`);
  const becomes = isDryRun ? 'would be' : 'is now';
  for (const { server, from, name, kind } of secrets) {
    const doubt = kind === 'doubtful' ? ' (it may be none)' : '';
    lines.push(`  ${server}: ${plainLine(from)} ${becomes} the secret ${name}${doubt}`);
  }
  for (const { server, from, name } of unset)
    lines.push(`  ${server}: ${plainLine(from)} has no value yet; set it: mcpgate-broker secret set ${name}${inside}`);
  for (const warning of warnings) lines.push(`  ! ${plainLine(warning)}`);
  if (secrets.length > 0 && !isDryRun) lines.push(`the values are in the vault now; delete them from ${file}`);
  return lines.join('\n');
}

/** What it means that a server gets a name that another one had. */
export function formerNameLines(name: string, holder: string | null): string[] {
  if (holder === null) return [];
  return [`  ! ${holder} was called ${name}: AI clients that still say so reach the new one from now on`];
}

/** What can be done about secrets that nothing refers to any more. */
export function unusedLines(secrets: readonly string[], inside: string): string[] {
  return secrets.map(
    (name) => `  nothing uses the secret ${name} any more; end it: mcpgate-broker secret remove ${name}${inside}`,
  );
}

/** All of one server, a line each. */
export function serverText(server: Server): string {
  const texts = shownTextsOf(server);
  return [
    `${server.name} (${server.state}${server.unisolated ? ', unisolated' : ''})`,
    `id         ${server.id}`,
    ...(server.former_names.length === 0 ? [] : [`was called ${server.former_names.join(', ')}`]),
    ...(server.managed_by === null ? [] : [`managed by ${plainLine(server.managed_by)}`]),
    `runs       ${plainLine(runsOf(texts))}`,
    `isolation  ${server.isolation}, ${server.processes} live`,
    ...identityLines(server),
    ...accountLines(server),
    ...probeLines(server),
    ...processLines(server),
    `tools      ${server.tools ?? 'not asked yet'}${server.trust_annotations ? '; trusted about being read-only or idempotent' : ''}`,
    `changes    ${DEFINITIONS[server.definitions]}`,
    ...(server.audit_arguments === 'none' ? [] : [`arguments  kept in the log: ${server.audit_arguments}`]),
    ...classLines(server),
    ...limitLines(server),
    ...Object.entries(namedValuesOf(texts)).map(([key, value]) => `value      ${plainLine(key)}=${plainLine(value)}`),
    ...(server.error === null ? [] : [`error      ${plainLine(server.error)}`]),
    ...server.warnings.map((line) => `warning    ${plainLine(line)}`),
    ...server.stderr.map((line) => `stderr     ${plainLine(line)}`),
  ].join('\n');
}

function classLines({ tool_classes: { read, write } }: Server): string[] {
  const line = (head: string, tools: readonly string[]) =>
    tools.length === 0 ? [] : [`${head} ${tools.map((tool) => plainLine(tool)).join(', ')}`];
  return [...line('only read ', read), ...line('may write ', write)];
}

function identityLines({ identity_header: header }: Server): string[] {
  return header === null ? [] : [`identity   told who asks in ${plainLine(header)}, signed`];
}

const DEFINITIONS: Readonly<Record<Server['definitions'], string>> = {
  hold: 'of its tools are held until they are accepted (hold)',
  warn: 'of its tools are served and told of; alarming ones are held (warn)',
  accept: 'of its tools are served (accept)',
};

function accountLines({ credential, account }: Server): string[] {
  if (account === null) return [];
  const kind =
    account.kind === 'oauth' ? oauthText(account) : `keys ${account.fields.map(({ name }) => name).join(', ')}`;
  return [`account    ${credential}, ${plainLine(kind)}`];
}

function probeLines({ probe }: Server): string[] {
  if (probe === null) return [];
  const args = Object.keys(probe.arguments).length === 0 ? '' : ` ${JSON.stringify(probe.arguments)}`;
  return [`probe      ${plainLine(`${probe.tool}${args}`)}`];
}

function oauthText({ scopes, client_id: client, issuer, via }: Extract<Server['account'], { kind: 'oauth' }>): string {
  return [
    'OAuth',
    ...(scopes === undefined ? [] : [`scopes ${scopes.join(' ')}`]),
    ...(client === undefined ? [] : [`client ${client}`]),
    ...(issuer === undefined ? [] : [`at ${issuer}`]),
    ...(via === undefined ? [] : ['of the sign-in at the company’s IdP']),
  ].join(', ');
}

function processLines({ process_isolation: kept, no_sandbox: why, network }: Server): string[] {
  if (kept === null) return [];
  const reason = why === null ? '' : ` (no sandbox: ${plainLine(why)})`;
  return [`process    ${kept}${reason}`, `network    ${network ?? 'full'}`];
}

function limitLines({ limits, limits_missing: missing }: Server): string[] {
  if (limits === null) return [];
  return [`limits     ${limitsText(limits)}${missing === null ? '' : `; others cannot be set: ${missing}`}`];
}
