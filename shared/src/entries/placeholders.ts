// Placeholders: texts that say what an AI client or a person has to fill in (`${input:key}`, `<your token>`, `YOUR_API_KEY`).

const NOUNS =
  'api|app|access|auth|client|secret|key|keys|token|tokens|password|pass|pwd|pat|id|user|username|name|email|account|org|organization|team|project|workspace|tenant|url|uri|host|endpoint|domain|here|bot|personal|private|value|credential|credentials|connection|string|database|db|service|instance|github|gitlab|slack|notion|linear|figma|jira|confluence|atlassian|openai|anthropic|google|gemini|brave|stripe|sentry|supabase|airtable|hubspot|perplexity|firecrawl|tavily|exa|azure|aws|region|subscription|smithery|integration|internal|actual|own|real|the|a|an|with|me|this|in|of|for|from|and|or|oauth|bearer|license|cookie|session|webhook|code|data|server|mcp|site|base|portal|hub|store|shop|admin|cloud|zone|bucket|channel|server|refresh|verification|signing';
const WORDS = new RegExp(
  `^(?:your?|my|insert|replace|enter|paste|put|add|fill|change|set|example|sample|dummy|todo|fixme|placeholder|changeme|actual)s?(?:[\\s_.:-]*(?:${NOUNS}))*$`,
  'i',
);
const TRAILING = new RegExp(`^(?:(?:${NOUNS})[\\s_-]+)+(?:here|goes[\\s_-]here|placeholder)$`, 'i');

/**
 * The variable that a text refers to in the way of a shell or AI client: `${X}`, `$X`, `${env:X}`, `{env:X}`, `%X%`; undefined where it is no
 * such reference.
 */
export function variableOf(
  text: string,
): { name: string; fallback: string; kind: 'input' | 'env' | 'other' } | undefined {
  const braced =
    /^\$?\{(?!secret:)(?:(env|input|config|file|var|secrets?)[:.])?([^{}:]*?|(?<=\{)[A-Z_][A-Z0-9_]*(?=-))(?::[-=]([^{}]*)|(?<=\{[A-Z_][A-Z0-9_]*)-([^{}]*))?\}$/s.exec(
      text,
    );
  if (braced !== null) {
    const [, space = 'env', name = ''] = braced;
    const fallback = braced[3] ?? braced[4] ?? '';
    if (!text.startsWith('$') && braced[1] === undefined && !/^[A-Z][A-Z0-9_]*$|^[a-z]+[_-][a-z_-]+$/.test(name))
      return undefined;
    return { name, fallback, kind: space === 'input' ? 'input' : space === 'env' ? 'env' : 'other' };
  }
  const bare = /^\$(?:env:)?([A-Z_][A-Z0-9_]*)$|^%([A-Z_][A-Z0-9_]*)%$|^\$env:(\w+)$/.exec(text);
  if (bare === null) return undefined;
  const name = bare[1] ?? bare[2] ?? bare[3] ?? '';
  // `$ECRET1` is a password rather than a variable; `$GITHUB_TOKEN` and `$TOKEN` are variables.
  return name.includes('_') || /(?:TOKEN|KEY|SECRET|PASS|PASSWORD|PAT|AUTH|USER|HOST|URL)$/.test(name)
    ? { name, fallback: '', kind: 'env' }
    : undefined;
}

/** Whether a value only says what belongs in its spot. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim();
  if (text === '') return false;
  if (variableOf(text) !== undefined) return true;
  if (
    /^(?:\{\{[^{}]*\}\}|<[^<>]+>|\[(?:your|my|insert|enter|api|token|key|password)[^\]]*\]|\((?:your|insert)[^)]*\)|__[A-Z_]+__)$/i.test(
      text,
    )
  )
    return true;
  if (/^(?:x{3,}|\*{3,}|\.{3,}|\u2026|-{3,}|_{3,}|#{3,})$/i.test(text)) return true;
  // `ghp_xxxxxxxx`, `sk-...`, `ntn_****`, `xoxb-your-token`
  if (/^[\w.-]{0,16}?(?:x{5}|\*{3,}|\.{3}|\u2026|\u2022{3,})[\w-]*$/i.test(text) && !/\d[A-Za-z]\d/.test(text))
    return true;
  const known =
    /^(?:gh[pousr]|github_pat|glpat|sk|xox[a-z]|xapp|ntn|secret|lin_api|sbp|figd|hf|tvly|fc|pat)[-_](.+)$/i.exec(text);
  const bare = known?.[1] ?? text;
  // People do choose these as passwords.
  if (/^my[\s_-]*(?:secret|password|pass|pwd)*$/i.test(bare)) return false;
  return bare.length <= 64 && (WORDS.test(bare) || TRAILING.test(bare));
}
