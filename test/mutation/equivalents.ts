// Mutants that no test can notice, each with the reason. `npm run mutate` does not show them; it says when one is not there any more.
import { POLICY_EQUIVALENTS } from './equivalents-policy.ts';
import { equivalentsOf as of, type Equivalent } from './outcome.ts';

export const EQUIVALENTS: readonly Equivalent[] = [
  ...POLICY_EQUIVALENTS,
  ...of('broker/src/vault/create-vault.ts', [
    [
      'last !== undefined && now - last < TOUCH_INTERVAL_MS) return;',
      'true',
      'a difference from undefined is NaN, which is below nothing',
    ],
    [
      'values.size === 0) return { value: text, versions: [] };',
      'false',
      'a text without references has nothing to replace',
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
  ...of('broker/src/domain/bounds/address-ranges.ts', [
    ["'', prefix] = range.split('/');", '"Stryker was here!"', 'what is split has a first part'],
    ["'');", '"Stryker was here!"', 'neither text is an address'],
    ["family !== 0 && list.check(bare, family === 6 ? 'ipv6' : 'ipv4');", 'true', 'what is no address is in no list'],
    ["'ipv6' : 'ipv4');", '""', 'the list takes every word but ipv4 for IPv6'],
  ]),
  ...of('broker/src/http/doors/forwarded-door.ts', [
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
  ...of('broker/src/upstreams/secrets/secret-mask.ts', [
    ['-1;', '+1', 'every needle has its place, found or not, so that the default is never used'],
    [
      'masked.includes(text)) masked = masked.replaceAll(text, instead);',
      'true',
      'to replace what is not there changes nothing',
    ],
    ["'utf8'), instead });", '""', 'the default of Buffer.from is UTF-8'],
    ['first === undefined ? undefined : needles[first];', 'false', 'at no index there is no needle'],
    [
      'first === undefined || needle === undefined) break;',
      'first === undefined && needle === undefined',
      'either both are undefined or neither',
    ],
    ['first === undefined || needle === undefined) break;', 'false', 'either both are undefined or neither'],
    ['needle === undefined) break;', 'false', 'either both are undefined or neither'],
    [
      'known >= 0 && known < from) next[index] = bytes.indexOf(each.bytes, from);',
      'true',
      'what is looked for again behind the last one is found at the same place, or again not',
    ],
    [
      'known >= 0 && known < from) next[index] = bytes.indexOf(each.bytes, from);',
      'known >= 0 || known < from',
      'what is looked for again behind the last one is found at the same place, or again not',
    ],
    [
      'known < from) next[index] = bytes.indexOf(each.bytes, from);',
      'true',
      'what is looked for again behind the last one is found at the same place, or again not',
    ],
    [
      'known < from) next[index] = bytes.indexOf(each.bytes, from);',
      'known <= from',
      'what is looked for again behind the last one is found at the same place, or again not',
    ],
    ['end > from) out.push(bytes.subarray(from, end));', 'true', 'what is empty is left out at the end'],
    ['end > from) out.push(bytes.subarray(from, end));', 'end >= from', 'what is empty is left out at the end'],
    [
      'held.length === 0 ? bytes : Buffer.concat([held, bytes]), overlap),',
      'false',
      'nothing before it changes nothing',
    ],
  ]),
  ...of('broker/src/upstreams/secrets/hidden-values.ts', [
    ["'utf8');", '""', 'the default of Buffer.from is UTF-8'],
    ["/=+$/, '');", '/=+/', 'there is none but at the end'],
  ]),
  ...of('broker/src/upstreams/session/modern/subscription-mark.ts', [
    [
      '!paramsText.includes(\'"_meta"\')) return paramsText;',
      'false',
      'a text without it is given back all the same, later',
    ],
    ['\'"_meta"\')) return paramsText;', '""', 'a text without it is given back all the same, later'],
    ['[];', '["Stryker was here"]', 'a text has no key'],
    [
      'meta === undefined || findMember(inner, ANSWER_META.subscriptionId) === undefined) return paramsText;',
      'false',
      'without a `_meta` there is no mark in it either',
    ],
  ]),
  ...of('broker/src/audit/create-audit.ts', [
    [
      'row === undefined || listeners.size === 0) return;',
      'false',
      'that row is there; what nobody hears is made in vain',
    ],
    [
      'row === undefined || listeners.size === 0) return;',
      'row === undefined && listeners.size === 0',
      'that row is there; what nobody hears is made in vain',
    ],
    ['listeners.size === 0) return;', 'false', 'what nobody hears is made in vain'],
  ]),
  ...of('broker/src/audit/chain-writer.ts', [
    ['entry.later?.(own);', 'entry.later(own)', 'whoever was refused and still waits is told later'],
  ]),
  ...of('broker/src/tunnel/handoff/departures.ts', [
    ['true, open, owner);', 'false', 'it is asked only of ends that are not there'],
  ]),
  ...of('broker/src/tunnel/handoff/handover.ts', [
    ["event.message.kind !== 'wanted') return;", 'false', 'no other message names a broker'],
  ]),
  ...of('shared/src/link/channel-incoming.ts', [
    [
      'large === undefined ? Buffer.concat(parts, partialBytes) : NOTHING];',
      'true',
      'what was read as it came leaves no parts, and what they make is not looked at',
    ],
  ]),
  ...of('shared/src/link/channel-outgoing.ts', [
    [
      'payload.length === 1 ? piece : payload, bytes: FRAGMENT_BYTES - room, flags });',
      'false',
      'one piece put together is that piece',
    ],
    ['fragment?.bytes ?? 0);', 'fragment.bytes', 'it is asked of fragments that are there'],
    [
      'messageBytes <= FRAGMENT_BYTES) fragments.push({ payload: message, bytes: messageBytes, flags: FLAG_FINAL });',
      'messageBytes < FRAGMENT_BYTES',
      'a message of just one fragment is cut into one',
    ],
    [
      'nextSend >= end() || (inFlight > 0 && inFlight >= peerWindowBytes)) return undefined;',
      'nextSend > end()',
      'there is no fragment with that number',
    ],
    [
      'peerNext < oldest) return true; // an older acknowledgement, overtaken',
      'false',
      'an older number drops nothing',
    ],
    [
      'peerNext < oldest) return true; // an older acknowledgement, overtaken',
      'peerNext <= oldest',
      'an older number drops nothing',
    ],
    ['nextSend < oldest) nextSend = oldest;', 'nextSend <= oldest', 'where both are the same it stays the same'],
    ['head === fragments.length) {', 'false', 'it gives memory back, and nothing else'],
    ['head > 1024 && head * 2 > fragments.length) {', 'true', 'it gives memory back, and nothing else'],
    ['head > 1024 && head * 2 > fragments.length) {', 'false', 'it gives memory back, and nothing else'],
    [
      'head > 1024 && head * 2 > fragments.length) {',
      'head > 1024 || head * 2 > fragments.length',
      'it gives memory back, and nothing else',
    ],
    ['head > 1024 && head * 2 > fragments.length) {', 'head >= 1024', 'it gives memory back, and nothing else'],
    ['head > 1024 && head * 2 > fragments.length) {', 'head <= 1024', 'it gives memory back, and nothing else'],
    ['head * 2 > fragments.length) {', 'true', 'it gives memory back, and nothing else'],
    ['head * 2 > fragments.length) {', 'head * 2 >= fragments.length', 'it gives memory back, and nothing else'],
    ['head * 2 > fragments.length) {', 'head * 2 <= fragments.length', 'it gives memory back, and nothing else'],
    ['head * 2 > fragments.length) {', 'head / 2', 'it gives memory back, and nothing else'],
    ['{ payload: new Uint8Array(0), bytes: 0, flags: 0 };', '{}', 'what was consumed is not looked at'],
  ]),
  ...of('shared/src/link/channel.ts', [
    ['false;', 'true', 'each link begins with nothing owed'],
    ['attached) dueAck();', 'true', 'a link that goes takes its timer along'],
  ]),
  ...of('shared/src/link/frame.ts', [
    [
      'headroomBytes === 0 ? bytes : bytes.subarray(headroomBytes);',
      'false',
      'the part from the beginning on is all of it',
    ],
  ]),
  ...of('broker/src/upstreams/pool/circuit-breaker.ts', [
    ['false;', 'true', 'without a failure it is closed in either case, and a failure sets it'],
    ['[];', '["Stryker was here"]', 'a text is later than no time, so that it is not counted'],
  ]),
  ...of('broker/src/upstreams/wires/http/http-answer.ts', [
    ['at?.start, at?.end));', 'at.start', 'what was read as a member of the object is found in its text'],
    ['at?.end));', 'at.end', 'what was read as a member of the object is found in its text'],
    ["'';", '"Stryker was here!"', 'neither text is a time'],
    [
      "location !== undefined && URL.canParse(location) ? ` to ${new URL(location).origin}` : '';",
      'true',
      'undefined is no URL',
    ],
    ["'')?.['error'];", '"Stryker was here!"', 'neither text is JSON'],
  ]),
  ...of('broker/src/store/repositories/policy.ts', [
    ["'repeatable read')", '""', 'SQLite, on which mutants are tried, has one isolation'],
  ]),
  ...of('broker/src/store/repositories/links/links.ts', [
    ["userId === null ? 'is' : '=', userId)", 'true', 'SQLite, on which mutants are tried, takes it for values too'],
  ]),
  ...of('broker/src/replicas/hearing.ts', [
    ["'';", '"Stryker was here!"', 'it is set before it is told'],
    ['false;', 'true', 'it is set before it is asked for'],
    ['doubtSince === undefined) return;', 'false', 'without a doubt nothing is read again'],
  ]),
  ...of('broker/src/replicas/replicas.ts', [
    ["'';", '"Stryker was here!"', 'it is set before it is told'],
    [
      "case 'ended':",
      "case 'ended': // whoever has asked hears it",
      'what is applied by nobody here ends in the same way',
    ],
    ["'ended':", '""', 'what is applied by nobody here ends in the same way'],
    [
      "case 'wanted':",
      "// whoever has asked hears it\ncase 'wanted': // the tunnel hears it",
      'what is applied by nobody here ends in the same way',
    ],
    ["'wanted':", '""', 'what is applied by nobody here ends in the same way'],
  ]),
];
