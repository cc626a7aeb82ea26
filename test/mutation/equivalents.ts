// Mutants that no test can notice, each with the reason. `npm run mutate` does not show them; it says when one is not there any more.
import type { Equivalent } from './outcome.ts';

const of = (file: string, each: readonly [source: string, becomes: string, why: string][]): Equivalent[] =>
  each.map(([source, becomes, why]) => ({ file, source, becomes, why }));

export const EQUIVALENTS: readonly Equivalent[] = [
  ...of('broker/src/vault/create-vault.ts', [
    [
      "''] of text.matchAll(REFERENCE)) {",
      '"Stryker was here!"',
      'the group of the pattern always takes part, so that its default is never used',
    ],
    [
      'last !== undefined && now - last < TOUCH_INTERVAL_MS) return;',
      'true',
      'a difference from undefined is NaN, which is below nothing',
    ],
    ['values.has(name)) continue;', 'false', 'the second reading comes from what was kept by the first one'],
    [
      'values.size === 0) return { value: text, versions: [] };',
      'false',
      'a text without references has nothing to replace',
    ],
    [
      'values.get(name)?.value ?? reference),',
      'values.get(name).value',
      'both patterns are the same, so that each name was read',
    ],
    ["'utf8');", '""', 'the default of Buffer.from is UTF-8'],
  ]),
  ...of('broker/src/vault/master-key.ts', [
    [
      "error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;",
      "error instanceof Error || 'code' in error",
      'Node throws Errors with a code only',
    ],
    ["process.platform !== 'win32' && (mode & 0o077) !== 0) {", 'true', 'tests run where there are such bits'],
    ["'win32' && (mode & 0o077) !== 0) {", '""', 'tests run where there are such bits'],
  ]),
  ...of('broker/src/vault/seal.ts', [
    ['{ authTagLength: TAG_BYTES });', '{}', 'the default of GCM is 16 bytes, and all 16 are always given'],
    ['{', '{}', 'a block that only returns undefined, as the end of the function does'],
  ]),
  ...of('broker/src/domain/address-ranges.ts', [
    ["'', prefix] = range.split('/');", '"Stryker was here!"', 'what is split has a first part'],
    ["'');", '"Stryker was here!"', 'neither text is an address'],
    ["family !== 0 && list.check(bare, family === 6 ? 'ipv6' : 'ipv4');", 'true', 'what is no address is in no list'],
    ["'ipv6' : 'ipv4');", '""', 'the list takes every word but ipv4 for IPv6'],
  ]),
  ...of('broker/src/http/forwarded-door.ts', [
    [
      '[], emails = [], workspaces = []] = [groupsHeader, emailHeader, workspaceHeader].map((header) =>',
      '["Stryker was here"]',
      'three headers give three lists',
    ],
    [
      '[], workspaces = []] = [groupsHeader, emailHeader, workspaceHeader].map((header) =>',
      '["Stryker was here"]',
      'three headers give three lists',
    ],
    [
      '[]] = [groupsHeader, emailHeader, workspaceHeader].map((header) =>',
      '["Stryker was here"]',
      'three headers give three lists',
    ],
    ["'';", '"Stryker was here!"', 'there is one value by then'],
    ["users[0]?.trim() ?? '';", 'users[0].trim', 'there is one value by then'],
    ['header === undefined ? [] : valuesOf(request, header),', 'false', 'no header has the name undefined'],
    [
      'index + 1 < rawHeaders.length; index += 2) {',
      'index + 1 <= rawHeaders.length',
      'names and values come in pairs',
    ],
    [
      "rawHeaders[index]?.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '');",
      'rawHeaders[index].toLowerCase',
      'the index is within the list',
    ],
  ]),
];
