import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NameSense, senseOfName, wordsOf } from './secret-names.ts';

test('a name is read as words, however it writes them together', () => {
  for (const [name, words] of [
    ['apiKey', 'api key'],
    ['X-Api-Key', 'x api key'],
    ['--api-key', 'api key'],
    ['ConnectionStrings__Default', 'connection strings default'],
    ['OAuthJSONToken', 'o auth json token'],
    ['GITHUB_TOKEN', 'github token'],
    ['token2Value', 'token2 value'],
    ['', ''],
    ['--', ''],
  ] as const)
    assert.equal(wordsOf(name).join(' '), words, name);
});

const NAMES: Readonly<Record<NameSense, string>> = {
  secret:
    'GITHUB_TOKEN apiKey X-Api-Key --password DB_PASS PAT Authorization secret CLIENT_SECRET ConnectionStrings__Default ' +
    // Words that are a secret's name only together.
    'OPENAI_KEY SEED_PHRASE DATABASE_URL sessionId AUTH_HEADER connection_uri key_vault_access_key api_key_v_access_key ' +
    // A number or a coding at the end says nothing.
    'API_KEY_ACME TOKEN_2 API_KEY_1 PASSWORD2 GITHUB_TOKEN1 API_KEY2 DB_PASS1_DEFAULT DATABASE_URL_2 TOKEN_VALUE SECRET_BASE64 PASSWORD_STRING api_key_json ' +
    // The first word says nothing where the last one does.
    'DEFAULT_TOKEN TOTAL_PASSWORD INPUT_API_KEY CACHE_PASSWORD public_token PUBLIC_ACCESS_TOKEN',
  unclear:
    'AUTH key KEYS key2 pw2 MY_PUBLIC_APIKEY OAUTH2 AUTH0 PIN cookie session sig p t CODE license ' +
    // Something of a secret, which its end does not name.
    'TOKEN_ACME PASS_THROUGH SECRET_SAUCE token_value_of api_key_of_acme VALUE_OF_KEY_X',
  harmless:
    'TOKEN_URL TOKEN_LIMIT KEY_FILE API_KEY_NAME SECRET_ID AUTH_TYPE passwordLength token_expires REGION HOST ' +
    'MAX_TOKENS ENABLE_AUTH USE_TOKEN PUBLIC_KEY SORT_KEY primary_key foreignKeys HASH_KEY no_password skip_auth ' +
    'disable_api_key keyboard_layout ALLOW_TOKEN MIN_SECRET num_tokens TOKEN_URL_2 LOG_LEVEL',
  silent: 'WORKSPACE TEAM ACME SHA256 S3 p1 x foo_bar VALUE 7 -',
};

for (const [sense, names] of Object.entries(NAMES)) {
  test(`these names are ${sense}`, () => {
    for (const name of names.split(' ')) assert.equal(senseOfName(name), sense, name);
  });
}

test('no name at all says nothing', () => assert.equal(senseOfName(''), 'silent'));
