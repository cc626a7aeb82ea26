// Formats of tokens that can be recognized by their first characters, as their issuers publish them.

const FORMATS: readonly string[] = [
  'gh[pousr]_[A-Za-z0-9]{12,}',
  'github_pat_[A-Za-z0-9_]{12,}',
  'gl(?:pat|ptt|dt|rt|soat|ft|cbt|imt|agent)-[\\w.-]{8,}',
  'xox[a-z](?:\\.[a-z]{2,6})?-[\\w.-]{6,}',
  'xapp-[\\w-]{8,}',
  'xwfp-[\\w-]{8,}',
  'sk-[A-Za-z0-9_-]{8,}',
  '[spr]k_(?:live|test|prod)_[A-Za-z0-9]{6,}',
  'whsec_[A-Za-z0-9+/=_-]{8,}',
  'gl(?:sa|c)_[A-Za-z0-9]{8,}',
  'sntry[su]_[\\w=.+/-]{8,}',
  'ntn_[A-Za-z0-9]{8,}',
  'secret_[A-Za-z0-9]{12,}',
  'lin_(?:api|oauth)_[A-Za-z0-9]{6,}',
  'A(?:KIA|SIA)[A-Z0-9]{12,}',
  'AIza[A-Za-z0-9_-]{20,}',
  'GOCSPX-[\\w-]{8,}',
  'ya29\\.[\\w-]{8,}',
  '1//0[\\w-]{16,}',
  'eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]*)*',
  'npm_[A-Za-z0-9]{12,}',
  'pypi-[\\w-]{8,}',
  'hf_[A-Za-z0-9]{12,}',
  'fc-[a-f0-9]{16,}',
  'tvly-[\\w-]{6,}',
  'ctx7sk-[\\w-]{6,}',
  'AT[AC]TT[\\w=.-]{8,}',
  'do[opr]_v1_[a-f0-9]{8,}',
  'shp(?:at|ca|pa|ss)_[A-Za-z0-9]{8,}',
  'SG\\.[\\w.-]{8,}',
  'fig[dou]_[\\w-]{8,}',
  'pat-[a-z0-9]{2,4}-[\\w-]{8,}',
  'pat[A-Za-z0-9]{14}\\.[a-f0-9]{16,}',
  'key[A-Za-z0-9]{14}',
  'EAA[A-Za-z0-9]{20,}',
  'sbp_[a-f0-9]{16,}',
  'sb_(?:secret|publishable)_[\\w-]{6,}',
  'dapi[a-f0-9]{16,}(?:-\\d+)?',
  'r8_[A-Za-z0-9]{12,}',
  'pplx-[A-Za-z0-9]{8,}',
  'gsk_[A-Za-z0-9]{12,}',
  'xai-[A-Za-z0-9]{8,}',
  'csk-[A-Za-z0-9]{8,}',
  'nvapi-[\\w-]{8,}',
  'BSA[A-Za-z0-9_-]{20,}',
  'mc[ga]_[\\w-]{8,}',
  'jina_[\\w]{12,}',
  'apify_(?:api|proxy)_[A-Za-z0-9]{8,}',
  'bb_(?:live|test|pk)_[\\w-]{6,}',
  'e2b_[a-f0-9]{8,}',
  're_[A-Za-z0-9]{6,}_[A-Za-z0-9]{8,}',
  'ph[cxs]_[A-Za-z0-9]{8,}',
  'dckr_(?:pat|oat)_[\\w-]{8,}',
  'hvs\\.[\\w-]{8,}',
  'nfp_[A-Za-z0-9]{8,}',
  'vercel_[\\w-]{12,}',
  'rnd_[A-Za-z0-9]{12,}',
  'tskey-[\\w-]{8,}',
  'PMAK-[a-f0-9]{8,}(?:-[a-f0-9]+)?',
  'cfut_[\\w-]{8,}',
  'napi_[A-Za-z0-9]{12,}',
  'pscale_(?:tkn|pw|oauth)_[\\w.-]{8,}',
  'pul-[a-f0-9]{12,}',
  'sgp_[\\w]{8,}',
  'lsv2_(?:pt|sk)_[\\w]{8,}',
  'sq0(?:atp|csp)-[\\w-]{8,}',
  'NRAK-[A-Z0-9]{20,}',
  'dp\\.(?:pt|st|ct|sa|scim|audit)\\.(?:[a-z0-9_-]+\\.)?[A-Za-z0-9]{20,}',
  'ops_eyJ[\\w-]{20,}',
  // Telegram's bots, Discord's.
  '\\d{8,10}:AA[\\w-]{30,}',
  '[MNO][\\w-]{23,27}\\.[\\w-]{6}\\.[\\w-]{27,}',
  'key-[a-f0-9]{32}',
  'xkeysib-[a-f0-9]{32,}-[A-Za-z0-9]{12,}',
  'shippo_(?:live|test)_[a-f0-9]{20,}',
  'CCI(?:PAT|PRJ)_[A-Za-z0-9]{12,}_[a-f0-9]{20,}',
  'bk(?:ua|at|ct)_[a-f0-9]{20,}',
  'ATBB[A-Za-z0-9]{20,}',
  'rubygems_[a-f0-9]{20,}',
  'dt0[a-z]\\d{2}\\.[A-Z0-9]{20,}\\.[A-Z0-9]{20,}',
  'sq[upa]_[a-f0-9]{32,}',
  '[st]k\\.eyJ[\\w.-]{20,}',
  'pcsk_[A-Za-z0-9]{4,}_[A-Za-z0-9]{20,}',
  'xaat-[a-f0-9-]{30,}',
  'hcaik_[a-z0-9]{20,}',
  'access-(?:sandbox|development|production)-[a-f0-9-]{30,}',
  'AGE-SECRET-KEY-1[A-Z0-9]{8,}',
  '-----BEGIN [A-Z ]*PRIVATE KEY',
];

const WHOLE = new RegExp(`^(?:${FORMATS.join('|')})`);
const EXACT = new RegExp(`^(?:${FORMATS.slice(0, -1).join('|')})$`);
/** A letter before it is part of a longer word, except for the last one of `%20` and of `\\n`. */
const INSIDE = new RegExp(
  `(?:(?<![\\w-])|(?<=%[\\dA-Fa-f]{2})|(?<=\\\\[nrt]))(?:${FORMATS.slice(0, -1).join('|')})`,
  'g',
);

export function isKnownToken(value: string): boolean {
  return WHOLE.test(value);
}

/** Whether the value is one token and nothing else. `=` and `/` may be part of it, as letters of base64. */
export function isToken(value: string): boolean {
  return EXACT.test(value);
}

/** The positions of known tokens in a text. */
export function knownTokensIn(text: string): { start: number; end: number }[] {
  return [...text.matchAll(INSIDE)].map(({ index, 0: found }) => ({ start: index, end: index + found.length }));
}
