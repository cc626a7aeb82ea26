// What looks like a secret: by the name it stands under, by a known prefix, or by randomness. A false alarm costs little (the value
// works from the vault just as well); a miss leaves a token in a record.

const SECRET_WORDS =
  /(^|_)(token|key|secret|passw(or)?d|pwd|passphrase|pat|credentials?|auth|authorization|apikey|bearer|cookie|dsn|connection_string|webhook|jwt|pin|sid|otp)(_?\d*)($|_(value|str|b64|base64)$)/;
const SECRET_ANYWHERE =
  /(token|secret|passw(or)?d|api_?key|private_?key|access_?key|client_?secret|authorization|credential)/;
/** Words that name where a secret is, or a property of one, not the secret itself. */
const HARMLESS_END =
  /_(file|path|dir|url|uri|endpoint|host|name|id|type|ttl|limit|count|budget|length|size|expiry|expires|header|env|region|enabled)$/;

/** `apiKey`, `X-Api-Key`, `--api-key` as `api_key`. */
function plainName(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
}

/** Whether a value under this name is expected to be a secret. */
export function isSecretName(name: string): boolean {
  const plain = plainName(name);
  if (SECRET_WORDS.test(plain)) return true;
  return SECRET_ANYWHERE.test(plain) && !HARMLESS_END.test(plain) && !/^(max|min|num)_|_tokens$|^tokens$/.test(plain);
}

const KNOWN_PREFIXES = new RegExp(
  '^(' +
    [
      'gh[pousr]_[A-Za-z0-9]{16}',
      'github_pat_',
      'gl(pat|ptt|dt|rt|soat)-',
      'xox[a-z]-',
      'xapp-',
      'xwfp-',
      'sk-[A-Za-z0-9_-]{8}',
      '[spr]k_(live|test)_',
      'whsec_',
      'gl(sa|c)_[A-Za-z0-9]',
      'sntry[su]_',
      'ntn_',
      'secret_[A-Za-z0-9]{16}',
      'lin_(api|oauth)_',
      'A(KIA|SIA)[A-Z0-9]{12}',
      'AIza[A-Za-z0-9_-]{20}',
      'ya29\\.',
      'eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+',
      'npm_[A-Za-z0-9]{16}',
      'pypi-[A-Za-z0-9]',
      'hf_[A-Za-z0-9]{12}',
      'fc-[a-f0-9]{16}',
      'tvly-',
      'ctx7sk',
      'ATATT',
      'ATCTT',
      'do[op]_v1_',
      'shp(at|ca|pa|ss)_',
      'SG\\.[A-Za-z0-9_-]{8}',
      'figd_',
      'pat-[a-z0-9]{2,4}-',
      'EAA[A-Za-z0-9]{20}',
      'sbp_[a-f0-9]{16}',
      'sb_secret_',
      'dapi[a-f0-9]{16}',
      'r8_[A-Za-z0-9]{16}',
      'pplx-',
      'gsk_[A-Za-z0-9]{16}',
      'xai-',
      'BSA[A-Za-z0-9_-]{20}',
      'mcg_',
      '-----BEGIN [A-Z ]*PRIVATE KEY',
    ].join('|') +
    ')',
);

/** Bits a character, by the frequencies in `text` itself. */
function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A run of at least 16 letters and digits, mixed, that no word or number explains. */
function isRandom(value: string): boolean {
  if (value.length < 20 || value.length > 4096 || UUID.test(value)) return false;
  if (!/^[A-Za-z0-9_\-+/=.~]+$/.test(value) || /^([./~@]|[A-Za-z]:[\\/])/.test(value)) return false;
  return value.split(/[-_.~]|\/(?=[a-z]+(?:\/|$))/).some((run) => {
    const digits = (run.match(/\d/g) ?? []).length;
    const letters = (run.match(/[A-Za-z]/g) ?? []).length;
    return run.length >= 16 && digits >= 2 && letters >= 2 && entropyBits(run) >= 3.2;
  });
}

/** Whether the value itself gives a secret away, whatever it stands under. */
export function isSecretValue(value: string): boolean {
  return KNOWN_PREFIXES.test(value) || isRandom(value);
}

/** Values that are no secret even under a secret's name: switches, small numbers, nothing. */
export function isTrivialValue(value: string): boolean {
  return /^(|true|false|yes|no|on|off|none|null|undefined|\d{1,6}|bearer|basic)$/i.test(value.trim());
}

/** `${input:x}`, `${env:X}`, `${X}`, `<your token>`, `YOUR_API_KEY_HERE`: a value that the client or the person was to fill in. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim();
  return /^(\$\{(?!secret:)[^}]*\}|\{\{[^}]*\}\}|<[^<>]*>|\$[A-Z_][A-Z0-9_]*|(your|my|insert|replace|changeme|change-me|xxx+)([_ -].*)?|x{4,}|\*{3,}|\.{3}|…)$/i.test(
    text,
  );
}
