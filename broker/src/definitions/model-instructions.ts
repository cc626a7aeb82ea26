// Finds sentences that a description of a tool has no reason for: those that give orders to the model behind the person's back. The list is
// short and written down in docs/definitions.md. It finds what has been seen in attacks, and no attack that knows the list.
import type { FlagKind } from '../domain/definition.ts';
import { asRead, decodedIn } from './readings.ts';

interface Sign {
  kind: FlagKind;
  isAlarm: boolean;
  /** What it is, for people. */
  means: string;
  pattern: RegExp;
}

const SIGNS: readonly Sign[] = [
  {
    kind: 'instructions-to-model',
    isAlarm: true,
    means: 'tells the model to ignore what it was told',
    pattern:
      /\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:previous|prior|earlier|preceding|above|all|any|other|system|your)\b[^.\n]{0,30}\b(?:instruction|prompt|rule|guideline|direction|restriction|constraint|policy|policies)s?\b/i,
  },
  {
    kind: 'instructions-to-model',
    isAlarm: true,
    means: 'tells the model to keep something from the person',
    pattern:
      /\b(?:do not|don['\u2019]t|never|must not|without|avoid)\b[^.\n]{0,30}\b(?:tell|telling|inform|informing|mention|mentioning|notify|notifying|alert|alerting|reveal|revealing|disclose|disclosing)\b[^.\n]{0,40}\b(?:user|person|human|operator|customer|anyone|anybody|them)\b/i,
  },
  {
    kind: 'instructions-to-model',
    isAlarm: true,
    means: 'holds marks that look like a message of the system',
    pattern:
      /<\/?\s*(?:important|system|instructions?|critical|assistant|developer)(?:[ _-](?:instructions?|messages?|prompts?|notes?|notices?|override|rules?|context|warning))?(?:\s[^<>]{0,80})?>|<\s*\/\s*(?:secret|hidden|admin|override|user)(?:[ _-]\w{1,20})?\s*>|<\|[a-z_]{2,30}\|>|<\/?(?:start|end)_of_turn>|<\/?(?:\w{1,20}:)?(?:function_calls|function_results|tool_call|tool_response)\b[^<>]{0,80}>|\[\/?(?:INST|SYSTEM)(?: (?:MESSAGE|OVERRIDE|PROMPT|NOTE))?\]|<<\/?SYS>>/i,
  },
  {
    kind: 'instructions-to-model',
    isAlarm: true,
    means: 'asks for the whole conversation or the system prompt',
    pattern:
      /\b(?:entire|whole|full|complete|all(?: of)? the|verbatim)\b[^.\n]{0,20}\b(?:conversation|chat|message)s?(?: history| context| log)?\b|\b(?:your|the) system prompt\b/i,
  },
  {
    kind: 'instructions-to-model',
    isAlarm: false,
    means: 'wants to be called before other tools or answers',
    pattern:
      /\b(?:before|prior to)\b[^.\n]{0,30}\b(?:any|every|each|all)\b[^.\n]{0,15}\b(?:tools?|actions?|answers?|responses?|requests?|calls?)\b/i,
  },
  {
    kind: 'instructions-to-model',
    isAlarm: true,
    means: 'tells the model to ignore what it was told',
    pattern:
      /\bignor(?:iere|ieren sie|ez|a|e)\b[^.\n]{0,40}\b(?:anweisung(?:en)?|regeln|instructions pr\u00e9c\u00e9dentes|consignes|instrucciones|istruzioni|instru\u00e7\u00f5es)|(?:\u5ffd\u7565|\u65e0\u89c6|\u7121\u8996)[^\u3002\n]{0,16}(?:\u6307\u4ee4|\u6307\u793a|\u8bf4\u660e|\u898f\u5247|\u89c4\u5219|\u63d0\u793a)|(?:\u0438\u0433\u043d\u043e\u0440\u0438\u0440\u0443\u0439|\u0437\u0430\u0431\u0443\u0434\u044c)[^.\n]{0,40}(?:\u0438\u043d\u0441\u0442\u0440\u0443\u043a\u0446\u0438|\u0443\u043a\u0430\u0437\u0430\u043d\u0438|\u043f\u0440\u0430\u0432\u0438\u043b)/iu,
  },
  {
    kind: 'instructions-to-model',
    isAlarm: false,
    means: 'holds a comment that is not shown where the text is',
    pattern: /<!--(?:(?!-->)[^]){12,400}|^\[\/\/\]: # /m,
  },
  {
    kind: 'instructions-to-model',
    isAlarm: false,
    means: 'has something fetched where it is shown',
    pattern:
      /!\[[^\]\n]{0,100}\]\(\s*https?:[^)\n]{0,300}\)|<(?:img|iframe|script|link)\b[^>\n]{0,200}\b(?:src|href)\s*=|\bjavascript:[^\s]/i,
  },
  {
    kind: 'sensitive-files',
    isAlarm: true,
    means: 'names files with keys or with settings of AI clients',
    pattern:
      /\.ssh\b|\bid_(?:rsa|ed25519|ecdsa|dsa)\b|\.gnupg\b|\/etc\/(?:shadow|passwd|sudoers)\b|\.cursor\/mcp\.json|claude_desktop_config\.json|\.claude\.json|\.mcp\.json/i,
  },
  {
    kind: 'sensitive-files',
    isAlarm: false,
    means: 'names files that often hold secrets',
    pattern: /\.aws\/credentials|\.netrc\b|\.npmrc\b|\.pgpass\b|\.git-credentials\b|(?:^|[\s"'`/])\.env\b/i,
  },
  {
    kind: 'encoded',
    isAlarm: false,
    means: 'holds a long encoded text',
    pattern:
      /[A-Za-z0-9+/_-]{160,}={0,2}|(?:\\x[0-9a-f]{2}){12,}|(?:%[0-9a-f]{2}){16,}|\bdata:[\w/+.-]{1,60};base64,[\w+/=-]{40,}/i,
  },
];

const MOST_SHOWN = 100;
/** In a short text nothing can stand that any of the patterns finds. */
const LEAST_CHARS = 5;

export interface FoundSign extends Pick<Sign, 'kind' | 'isAlarm'> {
  what: string;
}

/** Patterns look at bounded stretches, so that this is linear in the length of the text; whoever calls it bounds that. */
export function signsIn(text: string): FoundSign[] {
  if (text.length < LEAST_CHARS) return [];
  const read = asRead(text);
  const found = SIGNS.flatMap((sign) => foundIn(sign, text, text) ?? foundIn(sign, read, text) ?? []);
  for (const decoded of decodedIn(text)) {
    const [sign] = SIGNS.flatMap((each) => (each.isAlarm ? (foundIn(each, asRead(decoded), decoded) ?? []) : []));
    if (sign !== undefined) found.push({ ...sign, kind: 'encoded', what: `holds encoded what ${sign.what}` });
  }
  return found;
}

function foundIn({ kind, isAlarm, means, pattern }: Sign, read: string, text: string): FoundSign | undefined {
  const found = pattern.exec(read)?.[0];
  if (found === undefined) return undefined;
  // A long word of small letters alone, or a path, is nothing that was encoded.
  if (kind === 'encoded' && /^[^%\\]*$/.test(found) && !found.startsWith('data:') && !isMixed(found)) return undefined;
  const hidden = read !== text && !text.includes(found) ? ', as a model reads it' : '';
  return { kind, isAlarm, what: `${means}: ${JSON.stringify(found.slice(0, MOST_SHOWN))}${hidden}` };
}

const isMixed = (text: string): boolean => /[0-9]/.test(text) && /[A-Z]/.test(text);
