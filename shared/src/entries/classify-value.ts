// Whether a value is a secret. One pure function over what it is, what it stands under and where.
import type { Place } from '../values/place.ts';
import { hasReference } from '../values/secret-reference.ts';
import { isPlainName } from '../values/plain-word.ts';
import { isPlaceholder, variableOf } from './placeholders.ts';
import { type NameSense, senseOfName } from './secret-names.ts';
import { senseOfValue } from './value-sense.ts';

export type ValueClass =
  | 'secret'
  /** Looks like one, and no program can tell: it goes to the vault and is asked about. */
  | 'doubtful'
  /** Stands for a value that is elsewhere: the vault's, or a variable of the same entry. */
  | 'reference'
  /** Was to be filled in: nothing is there yet. */
  | 'placeholder'
  | 'plain';

export interface Surroundings {
  /** Variables of the entry itself. */
  own: ReadonlySet<string>;
  /** Inputs of the client that are asked as passwords. */
  passwordInputs: ReadonlySet<string>;
  /** Variables of the entry that are put where a secret belongs: filled as such places are found. */
  carriers: Set<string>;
}

export function classifyValue(text: string, place: Place, { own, passwordInputs, carriers }: Surroundings): ValueClass {
  if (text.trim() === '') return 'plain';
  if (hasReference(text)) return 'reference';
  const isSecretPlace = place.kind === 'url-password' || place.kind === 'scheme';
  const isCarrier = place.kind === 'env' && carriers.has(place.name);
  const name = isSecretPlace || isCarrier ? 'secret' : senseOfPlace(place, text);
  const referred = ownVariable(own, text.trim(), place);
  if (referred !== undefined) {
    if (name === 'secret') carriers.add(referred);
    return 'reference';
  }
  const variable = variableOf(text.trim());
  if (variable !== undefined && variable.fallback === '') {
    if (variable.kind === 'input' && passwordInputs.has(variable.name)) return 'placeholder';
    return name === 'secret' || (name === 'unclear' && variable.kind !== 'other') ? 'placeholder' : 'plain';
  }
  if (variable === undefined && isPlaceholder(text)) return name === 'secret' ? 'placeholder' : 'plain';
  if (/^\$\{[^}]*\}[\\/]/.test(text)) return 'plain';

  const value = senseOfValue(text);
  if (value === 'trivial') return 'plain';
  if (value === 'token') return 'secret';
  if (place.kind === 'url-user')
    return value === 'random' || value === 'uuid' ? 'secret' : value === 'odd' ? 'doubtful' : 'plain';
  if (place.kind === 'url-path') return classifySegment(text, value, place);
  switch (name) {
    case 'secret':
      return value === 'path' && !/pass|pwd|pin$/i.test(place.name) && isFile(text) ? 'plain' : 'secret';
    case 'unclear':
      if (value === 'random') return 'secret';
      if (value === 'uuid' || value === 'odd') return place.kind === 'url-query' ? 'secret' : 'doubtful';
      // `?key=…` is there for one reason.
      if (place.kind === 'url-query' && value !== 'number' && !isPlainName(text)) return 'secret';
      if (value === 'ordinary' && isDoubtfulWord(text, place)) return 'doubtful';
      return value === 'number' && /pin|otp|code/i.test(place.name) && text.trim().length >= 4 ? 'secret' : 'plain';
    case 'harmless':
      return value === 'random' && !isIdentifier(place.name) ? 'doubtful' : 'plain';
    case 'silent':
      if (value === 'random') return isCommit(text, place) ? 'plain' : 'doubtful';
      if (value === 'uuid') return place.kind === 'header' || place.kind === 'url-query' ? 'doubtful' : 'plain';
      return value === 'odd' && isSpeaking(place) ? 'doubtful' : 'plain';
  }
}

/** The variable of the entry that `$T`, `${T}`, `${env:T}` or `%T%` names, however it is called; not where that one is set itself. */
function ownVariable(own: ReadonlySet<string>, text: string, place: Place): string | undefined {
  const [, plain] = /^\$(?:env:)?(\w+)$/i.exec(text) ?? /^%(\w+)%$/.exec(text) ?? [];
  const variable = variableOf(text);
  const named = variable?.kind === 'env' && variable.fallback === '' ? variable.name : undefined;
  const name = named ?? plain;
  return name !== undefined && own.has(name) && place.name !== name ? name : undefined;
}

/** In `{"tokens":{"acme":"…"}}` it is the outer name that says what `acme` holds. */
function senseOfPlace({ name, within = name }: Place, text: string): NameSense {
  const own = senseOfName(name);
  if (own !== 'silent' || within === name || /^[-+\d.]+$/.test(text)) return own;
  const outer = senseOfName(within);
  if (outer === 'secret' || outer === 'unclear')
    return /(?:token|password|passwd|secret|key|pat)s$/i.test(within) ? 'secret' : 'unclear';
  return own;
}

/** Hosts on which there is nothing but addresses that are secrets. */
const WEBHOOK =
  /(?:^|\.)(?:webhook\.office\.com|outlook\.office(?:365)?\.com|hooks\.slack(?:-gov)?\.com|hooks\.zapier\.com|hook\.[\w-]+\.make\.com|hook\.make\.com|hook\.integromat\.com|maker\.ifttt\.com|webhook\.site|events\.pagerduty\.com)(?::\d+)?$/i;

function classifySegment(text: string, value: ReturnType<typeof senseOfValue>, { host }: Place): ValueClass {
  if (isPlaceholder(text)) return 'plain';
  const isCode = /(^|\.)(?:github|gitlab|bitbucket|codeberg|npmjs|pypi|docker|ghcr)\./.test(host ?? '');
  if (isCode && /@[0-9a-f]{7,64}$|\.git$|^[0-9a-f]{40}$/.test(text)) return 'plain';
  if (value === 'random') return isCode ? 'doubtful' : 'secret';
  // Whoever knows such an address may write there: it is a password as a whole.
  if (WEBHOOK.test(host ?? '') && /\d/.test(text) && !/^(?:v\d|webhookb2)$/i.test(text)) return 'secret';
  if (value === 'uuid' || value === 'odd') return 'doubtful';
  // Words with a stroke of chance, as services make them: `abandoned-creamy-horse-Y39-hm`.
  const pieces = text.split(/[-_]/);
  const isChance = pieces.length >= 4 && pieces.some((piece) => /\d/.test(piece) && !/^v?\d+$/.test(piece));
  return isChance ? 'doubtful' : 'plain';
}

/** Under `auth` or `key`: letters with digits that are no method's name, and any word in a header. */
function isDoubtfulWord(text: string, { kind }: Place): boolean {
  if (
    /^(?:v\d|oauth|o?auth\d|[rhep]s\d{3}|sha\d|md5|ed25519|base64|tls|bearer|basic|digest|jwt|token|api[-_]?key|sso|saml|oidc|ntlm|kerberos)/i.test(
      text,
    )
  )
    return false;
  return kind === 'header' ? !/[\s/,;]/.test(text) : /\d/.test(text) && /[A-Za-z]/.test(text) && !/[\s/]/.test(text);
}

/** A path with a folder or an ending. */
const isFile = (text: string): boolean =>
  /^(?:[~.]|[A-Za-z]:|file:)?[\\/].*(?:[\\/]|\.\w{1,8}$)|^(?:~|\.{1,2})[\\/]/.test(text);

const isIdentifier = (name: string): boolean =>
  /(?:^|[^a-z])(?:ids?|ref|reference|name|version|index|hash|sha|digest|checksum|email|user|username|model|host|hostname|region)$/i.test(
    name.replace(/([a-z0-9])([A-Z])/g, '$1_$2'),
  );

/** `…@3f9a1c7`, `sha256:…`: what a package or an image is pinned to. */
const isCommit = (text: string, { kind, name }: Place): boolean =>
  kind === 'argument' &&
  /[@:#/][0-9a-f]{7,64}$|^sha\d+[:-]|\.(?:js|ts|py|jar|mjs|cjs|json|exe|sh)$/i.test(text) &&
  !/^--?(?:p|k|t)$/.test(name);

/** Where a value that is odd would not be ordinary: not the bare arguments of a command, which are names of packages and the like. */
function isSpeaking({ kind, name }: Place): boolean {
  if (kind === 'argument')
    return (
      name !== '' &&
      !/^-{1,2}(?:from|with|y|package|m|module|image|name|tag|v|volume|project|ref|model|version)$/.test(name)
    );
  return kind === 'env' || kind === 'header' || kind === 'json' || kind === 'pair' || kind === 'url-query';
}
