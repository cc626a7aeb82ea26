// Decides whether a value in an AI client's file is a secret, by what it looks like, the name it stands under, and its spot. Pure.
import type { Spot } from '../values/spot.ts';
import { hasReference } from '../values/secret-reference.ts';
import { isPlainName } from '../values/plain-word.ts';
import { isPlaceholder, variableOf } from './placeholders.ts';
import { type NameSense, senseOfName } from './secret-names.ts';
import { senseOfValue } from './value-sense.ts';

export type ValueClass =
  | 'secret'
  /** May be a secret, and no program can tell: the import puts it into the vault and asks the person. */
  | 'doubtful'
  /** Refers to a value elsewhere: a secret of the vault, or a variable of the same entry. */
  | 'reference'
  /** Says what a person has to fill in; there is no value yet. */
  | 'placeholder'
  | 'plain';

export interface Surroundings {
  /** Variables that the entry itself sets. */
  own: ReadonlySet<string>;
  /** Inputs (`${input:NAME}`) that the AI client asks for as passwords. */
  passwordInputs: ReadonlySet<string>;
  /** Variables of the entry whose value is used where a secret belongs. `classifyValue` adds to it as it finds such uses. */
  carriers: Set<string>;
}

export function classifyValue(text: string, spot: Spot, { own, passwordInputs, carriers }: Surroundings): ValueClass {
  if (text.trim() === '') return 'plain';
  if (hasReference(text)) return 'reference';
  const isSecretSpot = spot.kind === 'url-password' || spot.kind === 'scheme';
  const isCarrier = spot.kind === 'env' && carriers.has(spot.name);
  const name = isSecretSpot || isCarrier ? 'secret' : senseOfSpot(spot, text);
  const referred = ownVariable(own, text.trim(), spot);
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
  if (spot.kind === 'url-user')
    return value === 'random' || value === 'uuid' ? 'secret' : value === 'odd' ? 'doubtful' : 'plain';
  if (spot.kind === 'url-path') return classifySegment(text, value, spot);
  switch (name) {
    case 'secret':
      return value === 'path' && !/pass|pwd|pin$/i.test(spot.name) && isFile(text) ? 'plain' : 'secret';
    case 'unclear':
      if (value === 'random') return 'secret';
      if (value === 'uuid' || value === 'odd') return spot.kind === 'url-query' ? 'secret' : 'doubtful';
      // A parameter such as `?key=…` is there to hold a secret.
      if (spot.kind === 'url-query' && value !== 'number' && !isPlainName(text)) return 'secret';
      if (value === 'ordinary' && isDoubtfulWord(text, spot)) return 'doubtful';
      return value === 'number' && /pin|otp|code/i.test(spot.name) && text.trim().length >= 4 ? 'secret' : 'plain';
    case 'harmless':
      return value === 'random' && !isIdentifier(spot.name) ? 'doubtful' : 'plain';
    case 'silent':
      if (value === 'random') return isCommit(text, spot) ? 'plain' : 'doubtful';
      if (value === 'uuid') return spot.kind === 'header' || spot.kind === 'url-query' ? 'doubtful' : 'plain';
      return value === 'odd' && isSpeaking(spot) ? 'doubtful' : 'plain';
  }
}

/** The variable of the entry that `$T`, `${T}`, `${env:T}` or `%T%` refers to; undefined where the entry has none, or this is its own value. */
function ownVariable(own: ReadonlySet<string>, text: string, spot: Spot): string | undefined {
  const [, plain] = /^\$(?:env:)?(\w+)$/i.exec(text) ?? /^%(\w+)%$/.exec(text) ?? [];
  const variable = variableOf(text);
  const named = variable?.kind === 'env' && variable.fallback === '' ? variable.name : undefined;
  const name = named ?? plain;
  return name !== undefined && own.has(name) && spot.name !== name ? name : undefined;
}

/** What the spot's name says; in `{"tokens":{"acme":"…"}}` it is the outer name that says what `acme` holds. */
function senseOfSpot({ name, within = name }: Spot, text: string): NameSense {
  const own = senseOfName(name);
  if (own !== 'silent' || within === name || /^[-+\d.]+$/.test(text)) return own;
  const outer = senseOfName(within);
  if (outer === 'secret' || outer === 'unclear')
    return /(?:token|password|passwd|secret|key|pat)s$/i.test(within) ? 'secret' : 'unclear';
  return own;
}

/** Hosts whose URLs are secrets as a whole: whoever knows a webhook's URL may write to it. */
const WEBHOOK =
  /(?:^|\.)(?:webhook\.office\.com|outlook\.office(?:365)?\.com|hooks\.slack(?:-gov)?\.com|hooks\.zapier\.com|hook\.[\w-]+\.make\.com|hook\.make\.com|hook\.integromat\.com|maker\.ifttt\.com|webhook\.site|events\.pagerduty\.com)(?::\d+)?$/i;

function classifySegment(text: string, value: ReturnType<typeof senseOfValue>, { host }: Spot): ValueClass {
  if (isPlaceholder(text)) return 'plain';
  const isCode = /(^|\.)(?:github|gitlab|bitbucket|codeberg|npmjs|pypi|docker|ghcr)\./.test(host ?? '');
  if (isCode && /@[0-9a-f]{7,64}$|\.git$|^[0-9a-f]{40}$/.test(text)) return 'plain';
  if (value === 'random') return isCode ? 'doubtful' : 'secret';
  if (WEBHOOK.test(host ?? '') && /\d/.test(text) && !/^(?:v\d|webhookb2)$/i.test(text)) return 'secret';
  if (value === 'uuid' || value === 'odd') return 'doubtful';
  // Words with random digits among them, as some services make their ids: `abandoned-creamy-horse-Y39-hm`.
  const pieces = text.split(/[-_]/);
  const isChance = pieces.length >= 4 && pieces.some((piece) => /\d/.test(piece) && !/^v?\d+$/.test(piece));
  return isChance ? 'doubtful' : 'plain';
}

/**
 * Whether an ordinary-looking value under `auth` or `key` may be a secret: letters with digits that are no method's name, or any word in a
 * header.
 */
function isDoubtfulWord(text: string, { kind }: Spot): boolean {
  if (
    /^(?:v\d|oauth|o?auth\d|[rhep]s\d{3}|sha\d|md5|ed25519|base64|tls|bearer|basic|digest|jwt|token|api[-_]?key|sso|saml|oidc|ntlm|kerberos)/i.test(
      text,
    )
  )
    return false;
  return kind === 'header' ? !/[\s/,;]/.test(text) : /\d/.test(text) && /[A-Za-z]/.test(text) && !/[\s/]/.test(text);
}

/** Whether a path has a folder or a file ending. */
const isFile = (text: string): boolean =>
  /^(?:[~.]|[A-Za-z]:|file:)?[\\/].*(?:[\\/]|\.\w{1,8}$)|^(?:~|\.{1,2})[\\/]/.test(text);

const isIdentifier = (name: string): boolean =>
  /(?:^|[^a-z])(?:ids?|ref|reference|name|version|index|hash|sha|digest|checksum|email|user|username|model|host|hostname|region)$/i.test(
    name.replace(/([a-z0-9])([A-Z])/g, '$1_$2'),
  );

/** Whether an argument pins a package or an image to a commit or digest: `…@3f9a1c7`, `sha256:…`. */
const isCommit = (text: string, { kind, name }: Spot): boolean =>
  kind === 'argument' &&
  /[@:#/][0-9a-f]{7,64}$|^sha\d+[:-]|\.(?:js|ts|py|jar|mjs|cjs|json|exe|sh)$/i.test(text) &&
  !/^--?(?:p|k|t)$/.test(name);

/**
 * Whether an odd value is worth a question at this spot. It is not among the bare arguments of a command, which are names of packages and the
 * like.
 */
function isSpeaking({ kind, name }: Spot): boolean {
  if (kind === 'argument')
    return (
      name !== '' &&
      !/^-{1,2}(?:from|with|y|package|m|module|image|name|tag|v|volume|project|ref|model|version)$/.test(name)
    );
  return kind === 'env' || kind === 'header' || kind === 'json' || kind === 'pair' || kind === 'url-query';
}
