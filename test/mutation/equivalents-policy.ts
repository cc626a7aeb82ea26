// Those of the rules and of the spellings that they are asked about: as in `equivalents.ts`.
import { equivalentsOf as of, type Equivalent } from './outcome.ts';

export const POLICY_EQUIVALENTS: readonly Equivalent[] = [
  ...of('broker/src/policy/uris/normal-uri.ts', [
    [
      "/^(?:file:\\/\\/(?=\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]*:\\/\\/(?:[a-z0-9-]+\\.)*(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-]+)(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-]*)+$/;",
      "/^(?:file:\\/\\/(?!\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]*:\\/\\/(?:[a-z0-9-]+\\.)*(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-]+)(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-]*)+$/",
      'a text that is not known as plain is looked at in full, which finds nothing else to ask about either',
    ],
    [
      "/^(?:file:\\/\\/(?=\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]*:\\/\\/(?:[a-z0-9-]+\\.)*(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-]+)(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-]*)+$/;",
      "/^(?:file:\\/\\/(?=\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]:\\/\\/(?:[a-z0-9-]+\\.)*(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-]+)(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-]*)+$/",
      'a text that is not known as plain is looked at in full, which finds nothing else to ask about either',
    ],
    [
      "/^(?:file:\\/\\/(?=\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]*:\\/\\/(?:[a-z0-9-]+\\.)*(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-]+)(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-]*)+$/;",
      "/^(?:file:\\/\\/(?=\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]*:\\/\\/(?:[a-z0-9-]+\\.)(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-]+)(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-]*)+$/",
      'a text that is not known as plain is looked at in full, which finds nothing else to ask about either',
    ],
    [
      "/^(?:file:\\/\\/(?=\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]*:\\/\\/(?:[a-z0-9-]+\\.)*(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-]+)(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-]*)+$/;",
      "/^(?:file:\\/\\/(?=\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]*:\\/\\/(?:[a-z0-9-]\\.)*(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-]+)(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-]*)+$/",
      'a text that is not known as plain is looked at in full, which finds nothing else to ask about either',
    ],
    [
      "/^(?:file:\\/\\/(?=\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]*:\\/\\/(?:[a-z0-9-]+\\.)*(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-]+)(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-]*)+$/;",
      "/^(?:file:\\/\\/(?=\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]*:\\/\\/(?:[a-z0-9-]+\\.)*(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-])(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-]*)+$/",
      'a text that is not known as plain is looked at in full, which finds nothing else to ask about either',
    ],
    [
      "/^(?:file:\\/\\/(?=\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]*:\\/\\/(?:[a-z0-9-]+\\.)*(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-]+)(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-]*)+$/;",
      "/^(?:file:\\/\\/(?=\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]*:\\/\\/(?:[a-z0-9-]+\\.)*(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-]+)(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-]*)$/",
      'a text that is not known as plain is looked at in full, which finds nothing else to ask about either',
    ],
    [
      "/^(?:file:\\/\\/(?=\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]*:\\/\\/(?:[a-z0-9-]+\\.)*(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-]+)(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-]*)+$/;",
      "/^(?:file:\\/\\/(?=\\/)|(?!\\S*file:)[a-z][a-z0-9+.-]*:\\/\\/(?:[a-z0-9-]+\\.)*(?!\\d+\\/|0x[0-9a-f]*\\/)[a-z0-9-]+)(?:\\/[\\w~!$&'()+,=@{}-][\\w.~!$&'()+,=@{}-])+$/",
      'a text that is not known as plain is looked at in full, which finds nothing else to ask about either',
    ],
    [
      'PLAIN.test(uri)) return NONE;',
      'false',
      'a text that is not known as plain is looked at in full, which finds nothing else to ask about either',
    ],
    ['at >= 0);', 'at > 0', 'of what begins with its end nothing is left, which is asked about already'],
    ['next === last) break;', 'false', 'what is decoded into itself stays so, however often'],
    [
      "SCHEME.exec(text)?.[1]?.toLowerCase() ?? '';",
      'SCHEME.exec(text)?.[1].toLowerCase',
      'the group of the pattern always takes part',
    ],
    [
      "'', kind);",
      '"Stryker was here!"',
      'the group of the pattern always takes part, so that its default is never used',
    ],
    ['/^\\/*([^/#?\\ue03f]*)/;', '/\\/*([^/#?\\ue03f]*)/', 'it matches at the beginning in any case'],
    ['/^(.*?):0*(\\d*)$/.exec(host) ?? [];', '/(.*?):0*(\\d*)$/', 'where it matches it does so from the beginning'],
    ['[];', '["Stryker was here"]', 'what stands first in the match is not looked at'],
    [
      "segment.split(';', 1)[0]?.replace(NOT_SHOWN, '');",
      "segment.split(';', 1)[0].replace",
      'what is split has a first part',
    ],
  ]),
  ...of('broker/src/policy/uris/normal-host.ts', [
    [
      '/^\\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\\]$/.exec(host)?.slice(1);',
      '/\\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\\]$/',
      'a host has its brackets at its ends and nowhere else',
    ],
    [
      '/^\\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\\]$/.exec(host)?.slice(1);',
      '/^\\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\\]/',
      'a host has its brackets at its ends and nowhere else',
    ],
  ]),
  ...of('broker/src/policy/compile-policy.ts', [
    ['() => (principals = new WeakMap()));', '() => undefined', 'it gives memory back, and nothing else'],
    ['known !== undefined) return known;', 'false', 'it is worked out again, with the same answer'],
    [
      'own.mayUse.size < MAX_SERVERS) own.mayUse.set(server, may);',
      'true',
      'what is not remembered is worked out again, with the same answer',
    ],
    [
      'own.mayUse.size < MAX_SERVERS) own.mayUse.set(server, may);',
      'false',
      'what is not remembered is worked out again, with the same answer',
    ],
    [
      'own.mayUse.size < MAX_SERVERS) own.mayUse.set(server, may);',
      'own.mayUse.size <= MAX_SERVERS',
      'what is not remembered is worked out again, with the same answer',
    ],
    [
      'own.mayUse.size < MAX_SERVERS) own.mayUse.set(server, may);',
      'own.mayUse.size >= MAX_SERVERS',
      'what is not remembered is worked out again, with the same answer',
    ],
  ]),
  ...of('broker/src/policy/glob.ts', [
    [
      "wild === pattern.length - 1 && pattern.endsWith('*')) {",
      'false',
      'it is the short way to what the long one says too',
    ],
    [
      "pattern.length - 1 && pattern.endsWith('*')) {",
      'pattern.length + 1',
      'it is the short way to what the long one says too',
    ],
    ["pattern.endsWith('*')) {", "pattern.startsWith('*')", 'it is the short way to what the long one says too'],
    ['{', '{}', 'it is the short way to what the long one says too'],
  ]),
  ...of('broker/src/policy/rule-index.ts', [
    ['server === undefined ? undefined : byServer.get(server), any]) {', 'false', 'nothing is filed under undefined'],
    [
      'entry.placed.order >= best.order) return;',
      'entry.placed.order > best.order',
      'two entries of one order are of one rule',
    ],
    [
      'at < 0 ? undefined : text.slice(0, at + 2);',
      'at <= 0',
      'what begins with it is filed and looked for under any, by both',
    ],
  ]),
];
