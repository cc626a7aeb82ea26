// `server catalogue`: which servers can be added with `server add --from`, and what each needs.
import type { Command } from 'commander';
import { type CatalogueEntry, type CatalogueField, catalogueApi } from 'mcpgate-shared/api/catalogue';
import { nearest } from 'mcpgate-shared/nearest';
import { plainLine } from 'mcpgate-shared/plain-line';
import { runsOf } from 'mcpgate-shared/values/record-outline';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../session/admin-session.ts';
import type { CommandContext } from '../context.ts';
import { shellWord } from '../../domain/shell-word.ts';

interface CatalogueOptions extends AdminOptions {
  registry?: boolean;
}

/** Adds the command to `server`. */
export function addCatalogueCommand(server: Command, context: CommandContext): void {
  adminOptions(
    server
      .command('catalogue')
      .argument('[word]')
      .description(
        'servers that can be added with `server add --from`: all, those with WORD in them, or one by its name',
      ),
  )
    .option('--registry', 'search the MCP registry of the configuration (catalogue.registry)')
    .action(async (word: string | undefined, options: CatalogueOptions) => {
      await withSession(context, options, (session) => showCatalogue(session, word ?? '', options));
    });
}

async function showCatalogue(
  { api, list, show, json, inside }: AdminSession,
  word: string,
  { registry = false }: CatalogueOptions,
): Promise<void> {
  const query = { search: word, registry: registry ? ('true' as const) : ('false' as const) };
  const { entries, left_out: leftOut } = await api.call(catalogueApi.list, { query });
  const named = entries.find(({ name }) => name === word || name === `registry:${word}`);
  const one = named ?? (entries.length === 1 && leftOut.length === 0 ? entries[0] : undefined);
  if (one !== undefined && !json) return show(one, entryText(one, inside));
  const near = entries.length > 0 || registry ? undefined : await nearestEntry(api, word);
  const cannot = leftOut.map(({ name, why }) => `!  ${name} cannot be added: ${why}`);
  const none = `no server has "${plainLine(word)}" in it${near === undefined ? '' : ` (did you mean ${near}?)`}; ${registry ? 'leave out --registry for the shipped catalogue' : 'add --registry to search the MCP registry'}`;
  list(
    entries,
    ['NAME', 'CREDENTIAL', 'RUNS', 'DESCRIPTION'],
    (index) => {
      const entry = entries[index];
      return entry === undefined ? [] : [entry.name, logInText(entry), runsOf(entry.transport), entry.description];
    },
    [none, ...cannot.map(plainLine)].join('\n'),
    cannot,
  );
}

async function nearestEntry(api: AdminSession['api'], word: string): Promise<string | undefined> {
  const query = { search: '', registry: 'false' as const };
  const { entries } = await api.call(catalogueApi.list, { query });
  return nearest(
    word,
    entries.map(({ name }) => name),
  );
}

/** `personal, OAuth`; `none` where it takes nothing. */
function logInText({ credential, account }: CatalogueEntry): string {
  return account === null ? 'none' : `${credential}, ${account === 'oauth' ? 'OAuth' : 'keys'}`;
}

/** All of one entry, and how it is added. */
function entryText(entry: CatalogueEntry, inside: string): string {
  const { oauth, probe, account } = entry;
  const lines: [string, string | null][] = [
    ['', entry.description],
    ['runs', runsOf(entry.transport)],
    ['maker', `${entry.maker}${entry.version === null ? '' : `, version ${entry.version}`}`],
    ['credential', logInText(entry)],
    ...entry.fields.flatMap(fieldLines),
    ['oauth', oauth === null ? null : oauthText(oauth, account)],
    ['isolation', entry.isolation === 'shared' ? null : entry.isolation],
    ['probe', probe === null ? null : probe.tool],
    ['docs', entry.docs],
    ['note', entry.note],
    ['', entry.verified ? null : 'Nobody at mcpgate has held this against what its maker publishes.'],
    ['next', `mcpgate-broker server add --from ${shellWord(entry.name)}${inside}`],
  ];
  const text = lines.flatMap(([word, value]) =>
    value === null || value === '' ? [] : [`${word.padEnd(10)} ${plainLine(value)}`],
  );
  return [`${entry.name}: ${plainLine(entry.title)}`, ...text].join('\n');
}

function fieldLines({
  name,
  label,
  of,
  secret,
  required,
  help,
  url,
  choices,
  ...rest
}: CatalogueField): [string, string | null][] {
  const traits = [
    ...(secret ? ['secret'] : []),
    ...(of === 'account' ? ['of the account'] : []),
    ...(required ? [] : ['may be left out']),
    ...(rest.default === null ? [] : [`else ${rest.default}`]),
    ...(choices.length === 0 ? [] : [choices.join(' | ')]),
  ];
  return [
    ['needs', `${name}: ${label}${traits.length === 0 ? '' : ` (${traits.join('; ')})`}`],
    ['', help],
    ['', url],
  ];
}

function oauthText(
  { scopes, client, help }: NonNullable<CatalogueEntry['oauth']>,
  account: CatalogueEntry['account'],
): string {
  return [
    account === 'oauth' ? 'yes' : 'possible, with --oauth',
    ...(scopes.length === 0 ? [] : [`scopes ${scopes.join(' ')}`]),
    client === 'automatic' ? 'mcpgate registers itself' : 'a client is registered by hand first',
    ...(help === null ? [] : [help]),
  ].join('; ');
}
