// Makes the proposal of a server from an entry of an AI client's file: the command or URL, and the names of variables and headers. Values are
// left out; where one is a secret, a reference stands for it. Every argument and part of a URL's path that is not known to be a name is replaced
// by a mark.
import { type ProposalForm, ProposalFormSchema, WITHHELD } from 'mcpgate-shared/api/laptops/proposals';
import { legalServerName, readClientEntry } from 'mcpgate-shared/entries/client-entry';
import { targetsOf } from 'mcpgate-shared/entries/entry-targets';
import { senseOfName } from 'mcpgate-shared/entries/secret-names';
import { extractSecrets, secretNameFor } from 'mcpgate-shared/entries/secret-extraction';
import { isPlainName } from 'mcpgate-shared/values/plain-word';
import { namedValuesOf, withNamedValues } from 'mcpgate-shared/values/record-outline';
import type { RecordTexts } from 'mcpgate-shared/values/record-texts';
import {
  isSecretReference,
  referencesIn,
  replaceReferences,
  secretReference,
} from 'mcpgate-shared/values/secret-reference';

/** Null where the entry cannot be a server, or no part of it could be offered. */
export function proposalOf(name: string, value: unknown): ProposalForm | null {
  const read = readClientEntry(name, value);
  if ('skipped' in read) return null;
  const server = legalServerName(name);
  const passwordInputs = new Set(read.inputs);
  const { transport } = extractSecrets(server, read.transport, { isTaken: () => false, passwordInputs });
  const targets = targetsOf(transport);
  const named = (values: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([key, text]) => [key, offeredValue(server, key, text)]));
  const offered = withNamedValues(offeredTexts(server, transport, targets), named(namedValuesOf(transport)));
  const checked = ProposalFormSchema.safeParse({ name: server, transport: offered });
  return checked.success ? checked.data : null;
}

/** As many as the form of a proposal takes. */
const MOST_PARAMETERS = 20;

type Kind = RecordTexts['kind'];

/** All but the variables or headers. */
const OFFERED: {
  readonly [K in Kind]: (server: string, record: RecordTexts<K>, targets: readonly string[]) => RecordTexts;
} = {
  stdio: (server, { kind, command, args, env }, targets) => ({
    kind,
    command: /[^/\\]*$/.exec(command)?.[0] ?? '',
    args: args.map((text, index) => offeredArgument(server, text, args[index - 1], targets)),
    env,
  }),
  http: (server, { kind, url, headers }) => ({ kind, url: offeredUrl(server, url), headers }),
};

function offeredTexts<K extends Kind>(server: string, record: RecordTexts<K>, targets: readonly string[]): RecordTexts {
  return OFFERED[record.kind](server, record, targets);
}

/** A reference to a secret that the administrators set, where one stood there; else nothing. */
function offeredValue(server: string, key: string, text: string): string {
  const [first] = referencesIn(text);
  if (first === undefined && senseOfName(key) !== 'secret') return '';
  const scheme = /^[A-Za-z]{1,20} /.exec(text)?.[0] ?? '';
  return `${isSecretReference(text.slice(scheme.length)) ? scheme : ''}${secretReference(secretNameFor(server, key))}`;
}

/** Scheme, host, those parts of the path that are words, and the names of the parameters: without one of these the server may not be the same. */
function offeredUrl(server: string, url: string): string {
  const plain = replaceReferences(url, () => '0');
  if (!URL.canParse(plain)) return '';
  const { protocol, host, pathname } = new URL(plain);
  const isWord = (part: string): boolean => part === '' || /^v\d{1,2}$/.test(part) || isPlainName(part);
  return `${protocol}//${host}${pathname
    .split('/')
    .map((part) => (isWord(part) ? part : WITHHELD))
    .join('/')}${offeredParameters(server, url)}`;
}

function offeredParameters(server: string, url: string): string {
  const query = /^[^?#]*\?([^#]*)/.exec(url)?.[1] ?? '';
  const offered = query.split('&').flatMap((each) => {
    const [, name, value = ''] = /^([A-Za-z_][\w.-]{0,99})(?:=(.*))?$/s.exec(each) ?? [];
    return name === undefined ? [] : [`${name}=${offeredValue(server, name, value) || WITHHELD}`];
  });
  return offered.length === 0 ? '' : `?${offered.slice(0, MOST_PARAMETERS).join('&')}`;
}

/** They take no value, so what follows is something of its own. */
const BARE_FLAG = /^(?:-y|--yes|-i|-t|-it|--rm|--init|--stdio|--interactive|-q|--quiet|--silent)$/;
const SUBCOMMAND = /^(?:run|exec|dlx|x|tool|stdio|serve|server|start|mcp)$/;

function offeredArgument(server: string, text: string, before: string | undefined, targets: readonly string[]): string {
  const [reference] = referencesIn(text);
  if (reference !== undefined && isSecretReference(text)) return secretReference(reference.name);
  if (/^(?:-[A-Za-z]{1,2}|--[a-z][a-z-]{0,30})$/.test(text)) return text;
  const assigned = /^(--[a-z][a-z-]{0,30}=|[A-Z][A-Z0-9_]{0,60}=)/.exec(text)?.[1];
  if (assigned !== undefined) return `${assigned}${WITHHELD}`;
  const isOperand = before === undefined || BARE_FLAG.test(before) || !before.startsWith('-');
  if (isPackage(text, targets)) return text;
  if (isOperand && SUBCOMMAND.test(text)) return text;
  if (/^(?:-e|--env)$/.test(before ?? '') && /^[A-Z][A-Z0-9_]{0,60}$/.test(text)) return text;
  if (isOperand && /^https?:\/\//i.test(text)) return offeredUrl(server, text) || WITHHELD;
  return WITHHELD;
}

/** Whether it is the package or image that makes the server what it is, in whichever version. */
function isPackage(text: string, targets: readonly string[]): boolean {
  return targets.some((target) => {
    const name = /^(?:package|image):(.+)$/.exec(target)?.[1];
    if (name === undefined || !text.toLowerCase().startsWith(name)) return false;
    return /^(?:@[\w.^~-]{1,40}|==[\w.]{1,40}|:[\w.-]{1,60}|\[\w+\])?$/.test(text.slice(name.length));
  });
}
