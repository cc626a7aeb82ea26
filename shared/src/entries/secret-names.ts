// What the name of a value says about it: `GITHUB_TOKEN` holds a secret, `TOKEN_LIMIT` does not, `AUTH` may hold either.

import { asciiLetters } from '../ascii-letters.ts';

export type NameSense = 'secret' | 'unclear' | 'harmless' | 'silent';

/** The words of a name, in lower case: of `apiKey`, `X-Api-Key` and `--api-key` they are `api` and `key`. */
export function wordsOf(name: string): string[] {
  return asciiLetters(name)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** A name with one of these words is that of a secret. */
const SECRET =
  /^(?:[a-z\d]*(?:token|passwords?|passwd|passphrase|apikey|clientsecret)|secrets?|(?:client|app|api|shared)secret|pass(?:wd|word|wort|phrase|code|key)?|[a-z]*(?:kennwort|passwort)|geheimnis|[a-z]*schlu(?:e)?ssel|contrasenas?|senhas?|motdepasse|pswd|pwd|psw|userpass|dbpass(?:word)?|pat|apikeys?|(?:secret|private|access|account|license|master|signing|encryption|admin|service|subscription|auth|client|app|hmac)keys?|credentials?|creds?|authorization|bearer|jwt|totp|otp|mnemonic|seedphrase|dsn|sas|connectionstrings?|connstr|htpasswd|netrc|oauth2bearer|webhooksecret|privkey|pem|cert(?:ificate)?data|kubeconfigdata|serviceaccountjson|[a-z]*sess(?:ion)?id|sessionkey|cookiesecret|salt|pepper|crumb)$/;
/** So is a name with these words one after the other. */
const SECRET_PAIR =
  /(?:^|_)(?:(?:api|access|private|secret|auth|account|client|consumer|encryption|encrypt|signing|sign|service|subscription|shared|master|app|application|personal|user|admin|project|team|org|license|licence|integration|functions?|host|storage|storageaccount|sas|ssh|gpg|pgp|rsa|ec|hmac|jwt|webhook|bot|session|security|server|db|redis|sdk|rest|publishable|anon|role|provision|deploy|write|read|ingest|ingestion|search|query|admin|live|test|sandbox|production|prod|dev|[a-z0-9]*ai|openai|github|gitlab|stripe|brave|exa|tavily|serper|maps|google|gemini|anthropic|firecrawl|perplexity|figma|notion|linear|airtable|supabase|algolia|datadog|dd|posthog|sentry|mapbox|browserbase|hyperbrowser|serpapi|steel|e2b|apify|bb)_keys?|seed_phrase|recovery_phrase|seed_words|connection_strings?|conn_str(?:ing)?|connection_uri|database_url|service_account|pass_word|pass_phrase|pass_code|one_time|access_code|auth_code|session_id|session_cookie|auth_header|auth_cookie|extra_headers|webhook_secret|long_lived)(?:_|$)/;
/** A value under one of these words may be a secret, or say something about one. */
const UNCLEAR =
  /^(?:auth|authentication|oauth|oauth2|cookies?|key|keys|pin|sid|session|signature|sig|webhook|login|license|licence|nonce|cert|certificate|ticket|code|access|credential|headers?|tokens|hash|p|k|t|pw|u)$/;
/** A name that ends in one of these words says where a secret is or how it is used, and holds none. */
const ABOUT =
  /^(?:files?|filename|path|paths|dir|directory|folder|url|uri|urls|endpoint|host|hostname|port|name|names|id|ids|type|types|ttl|limit|limits|max|min|count|counter|budget|length|len|size|expiry|expires|expiration|expire|lifetime|duration|timeout|interval|env|var|region|enabled|enable|disabled|required|optional|mode|policy|manager|prefix|suffix|realm|ref|reference|provider|method|scheme|schema|algorithm|alg|format|field|column|index|issuer|audience|scopes?|version|source|store|storage|location|command|cmd|script|strategy|backend|class|engine|hint|label|description|title|usage|model|encoding|separator|rotation|support|service|cache|domain|server|user|username|email|group|level|flow|grant|redirect|callback|discovery|tenant|bytes|chars|window|rate|price|cost|parallelism|header|placeholder|param|parameter|arg|flag|attempts|retries|check|validation|verify|verification|page|per|digits)$/;
const ABOUT_FIRST =
  /^(?:max|min|num|enable|enabled|disable|disabled|use|allow|require|no|skip|with|without|has|is|show|hide|print|log|total|default|public|primary|foreign|sort|partition|hash|range|cache|keycloak|keyboard|tokenizers?|tokenizer|token_limit|stop|pad|eos|bos|input|output|completion|prompt|context)$/;

/** `name`: of an environment variable, header, flag, parameter or member. */
export function senseOfName(name: string): NameSense {
  const words = wordsOf(name);
  const last = words.at(-1) ?? '';
  const isNumbered = /^\d+$/.test(last);
  const core = (isNumbered ? words.slice(0, -1) : words).map(withoutNumber);
  const joined = core.join('_');
  const end = core.at(-1) ?? '';
  const isCoded = /^(?:value|str|string|b64|base64|json|raw|data|text|default|hex|encoded)$/.test(end);
  const hasSecret = core.some((word) => SECRET.test(word)) || SECRET_PAIR.test(joined);
  // The last word decides: `TOKEN_URL` is an address, `URL_TOKEN` a token.
  if (ABOUT.test(end) && !/(?:database_url|session_id|auth_header|connection_uri)$/.test(joined)) return 'harmless';
  if (ABOUT_FIRST.test(core[0] ?? '') && !isDecisive(core)) return 'harmless';
  if (hasSecret && (isDecisive(core) || isCoded)) return 'secret';
  if (core.some((word) => UNCLEAR.test(word)) || hasSecret) return 'unclear';
  return 'silent';
}

/** The word without a number at its end: `PASSWORD2` means the same as `PASSWORD`. */
function withoutNumber(word: string): string {
  const bare = word.replace(/\d+$/, '');
  return bare.length > 1 && (SECRET.test(bare) || UNCLEAR.test(bare)) ? bare : word;
}

/** Whether the name ends in what a secret is called: `DB_PASS`, not `PASS_THROUGH`. */
function isDecisive(words: readonly string[]): boolean {
  const last = words.at(-1) ?? '';
  const first = words[0] ?? '';
  if (/^(?:public|primary|foreign|sort|partition|hash|range|cache)$/.test(words.at(-2) ?? '') && /keys?$/.test(last))
    return false;
  if (/^(?:enable|disable|use|allow|require|no|skip|max|min|num)$/.test(first)) return false;
  return SECRET.test(last) || SECRET_PAIR.test(words.slice(-3).join('_')) || SECRET.test(words.slice(-2).join(''));
}
