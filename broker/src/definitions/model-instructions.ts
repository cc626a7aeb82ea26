// Finds sentences that a description of a tool has no reason for: those that give orders to the model behind the person's back. The list is
// short and written down in docs/definitions.md. It finds what has been seen in attacks, and no attack that knows the list.
import type { FlagKind } from '../domain/definition.ts';

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
      /<\/?\s*(?:important|system|instructions?|critical|secret|hidden|admin|assistant|developer)\s*>|<\|(?:im_start|im_end|system|endoftext)\|>|\[\/?(?:INST|SYSTEM)\]|<<\/?SYS>>/i,
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
      /(?=[A-Za-z0-9+/_-]{0,160}[0-9])(?=[A-Za-z0-9+/_-]{0,160}[A-Z])[A-Za-z0-9+/_-]{160,}|(?:\\x[0-9a-f]{2}){12,}|(?:%[0-9a-f]{2}){16,}|\bdata:[\w/+.-]+;base64,/i,
  },
];

/** How far a text is read: patterns look at bounded stretches, so that this is linear in its length. */
const MOST_CHARS = 64 * 1024;
const MOST_SHOWN = 100;

export interface FoundSign extends Pick<Sign, 'kind' | 'isAlarm'> {
  what: string;
}

export function signsIn(text: string): FoundSign[] {
  const read = text.slice(0, MOST_CHARS);
  return SIGNS.flatMap(({ kind, isAlarm, means, pattern }) => {
    const found = pattern.exec(read)?.[0];
    return found === undefined
      ? []
      : [{ kind, isAlarm, what: `${means}: ${JSON.stringify(found.slice(0, MOST_SHOWN))}` }];
  });
}
