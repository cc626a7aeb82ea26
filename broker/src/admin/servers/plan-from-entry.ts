// From an entry of the catalogue and what an administrator says of it: the record to add, and the secrets that come along. Pure.
import { DEFAULT_DEFINITION_POLICY } from '../../domain/definition.ts';
import type { CatalogueEntry, CatalogueField, FromCatalogue } from 'mcpgate-shared/api/catalogue';
import type { NewServer } from 'mcpgate-shared/api/servers';
import { legalServerName } from 'mcpgate-shared/entries/client-entry';
import { freeName } from 'mcpgate-shared/entries/secret-extraction';
import { GateError } from 'mcpgate-shared/error';
import { secretReference } from 'mcpgate-shared/values/secret-reference';
import {
  fieldsOfPeople,
  fieldsToGive,
  type Given,
  type LogIn,
  logInOf,
  secretNameFor,
  transportDraft,
} from '../../catalogue/record-draft.ts';
import type { BroughtSecret } from './add-server.ts';

export interface EntryPlan {
  form: NewServer;
  /** Values of secrets under names that nothing has; in a dry run without those that were not given. */
  brought: readonly (BroughtSecret & { field: string })[];
  /** Names of fields that must be given and were not, and `client_id`. Empty unless it is a dry run, which says so; else `usage` is thrown. */
  missing: string[];
}

/** `taken`: names of secrets that are not free. */
export function planFromEntry(entry: CatalogueEntry, request: FromCatalogue, taken: ReadonlySet<string>): EntryPlan {
  const server = request.name ?? legalServerName(entry.name.split('/').at(-1) ?? entry.name);
  const logIn = logInOf(entry, {
    ...(request.credential === undefined ? {} : { credential: request.credential }),
    ...(request.account === undefined ? {} : { account: request.account }),
  });
  const given = new Map<string, Given>();
  const brought: (BroughtSecret & { field: string })[] = [];
  const missing: string[] = [];
  const secretOf = (field: CatalogueField, value: string): void => {
    const name = freeName(
      secretNameFor(server, field.name),
      (each) => taken.has(each) || brought.some((b) => b.name === each),
    );
    brought.push({ name, value, field: field.name });
    given.set(field.name, { secret: name });
  };
  const asked = fieldsToGive(entry, logIn);
  for (const name of [...Object.keys(request.values), ...Object.keys(request.secrets)])
    if (!asked.some((field) => field.name === name)) given.set(name, { text: '' }); // named as unknown by the draft
  for (const field of asked) {
    const value = request.values[field.name];
    const secret = request.secrets[field.name];
    if (secret !== undefined) given.set(field.name, { secret });
    else if (value !== undefined && value !== '' && field.secret) secretOf(field, value);
    else if (value !== undefined && value !== '') given.set(field.name, { text: value });
    else if (request.dry_run && field.required && field.default === null) {
      missing.push(field.name);
      if (field.secret) secretOf(field, '');
      else given.set(field.name, { text: field.choices[0] ?? `<${field.name}>` });
    }
  }
  const account = accountForm(entry, logIn, request, missing);
  const form: NewServer = {
    name: server,
    isolation: request.isolation ?? entry.isolation,
    trust_annotations: false,
    tool_classes: { read: [], write: [] },
    credential: logIn.credential,
    account,
    probe: entry.probe,
    definitions: DEFAULT_DEFINITION_POLICY,
    audit_arguments: 'none' as const,
    transport: transportDraft(entry, logIn, given),
  };
  return { form, brought, missing };
}

function accountForm(
  entry: CatalogueEntry,
  logIn: LogIn,
  request: FromCatalogue,
  missing: string[],
): NewServer['account'] {
  const people = fieldsOfPeople(entry, logIn);
  if (people.length > 0)
    return {
      kind: 'keys',
      fields: people.map(({ name, label, help, url, secret }) => {
        const where = [help, url]
          .filter((text) => text !== null)
          .join(' ')
          .slice(0, 1000);
        return { name, label, secret, ...(where === '' ? {} : { help: where }) };
      }),
    };
  const { scopes, client_id: clientId, client_secret: clientSecret, issuer } = request;
  if (logIn.account !== 'oauth' || entry.oauth === null) {
    const alone = Object.entries({ scopes, client_id: clientId, client_secret: clientSecret, issuer }).find(
      ([, value]) => value !== undefined,
    );
    if (alone === undefined) return null;
    throw new GateError('usage', `${entry.name}: ${alone[0]} is for an account by OAuth`);
  }
  const { oauth } = entry;
  if (oauth.client === 'registered' && clientId === undefined) {
    if (!request.dry_run)
      throw new GateError(
        'usage',
        `${entry.name}: client_id is missing; a client must be registered there by hand${oauth.help === null ? '' : `: ${oauth.help}`}`,
      );
    missing.push('client_id');
  }
  const asked = scopes ?? oauth.scopes;
  const from = issuer ?? (clientId === undefined ? undefined : (oauth.issuer ?? undefined));
  return {
    kind: 'oauth',
    ...(asked.length === 0 ? {} : { scopes: [...asked] }),
    ...(clientId === undefined ? {} : { client_id: clientId }),
    ...(clientSecret === undefined ? {} : { client_secret: secretReference(clientSecret) }),
    ...(from === undefined ? {} : { issuer: from }),
  };
}
