// Finds names of tools that can be taken for the tool of another server. The same word on two servers is usual, because clients see the
// server's name before it; what is looked for is a name that pretends.
import { lettersApart } from 'mcpgate-shared/nearest';
import type { Flag } from '../domain/definition.ts';
import { asItLooks } from './confusable-letters.ts';
import { asRead } from './readings.ts';

/** A tool of another server of the workspace. */
export interface OtherTool {
  server: string;
  name: string;
}

/** Shorter names are like each other by chance. */
const LEAST_CHARS = 8;
/** How many names of one form are looked at. */
const MOST_OF_A_FORM = 8;
/** Longer names are not compared letter by letter. */
const MOST_CHARS = 100;

/** The tools of the other servers, ready to be compared with. */
export interface OtherTools {
  hasServer(server: string): boolean;
  /** `name`: as clients know it, `SERVER__TOOL`. */
  has(name: string): boolean;
  /** One whose name differs by one letter. */
  near(name: string): OtherTool | undefined;
  /** One whose name looks the same. */
  twin(name: string): OtherTool | undefined;
  /** One that clients know by this name but for its case and what stands between the words: `github.create_issue`. */
  known(name: string): OtherTool | undefined;
}

export function createOtherTools(tools: readonly OtherTool[]): OtherTools {
  const servers = new Set(tools.map(({ server }) => server));
  const names = new Set(tools.map(({ server, name }) => `${server}__${name}`));
  const bySkeleton = new Map(tools.map((tool) => [skeletonOf(tool.name), tool]));
  const byWhole = new Map(tools.map((tool) => [foldedName(`${tool.server} ${tool.name}`), tool]));
  // Two names that differ by one letter have a form in common that has one letter less, or is the name itself.
  const byForm = new Map<string, OtherTool[]>();
  for (const tool of tools) {
    for (const form of formsOf(foldedName(tool.name))) {
      const same = byForm.get(form);
      if (same === undefined) byForm.set(form, [tool]);
      else if (same.length < MOST_OF_A_FORM) same.push(tool);
    }
  }
  return {
    hasServer: (server) => servers.has(server),
    has: (name) => names.has(name),
    twin: (name) => bySkeleton.get(skeletonOf(name)),
    known: (name) => byWhole.get(foldedName(name.replace(/^mcp__(?:mcpgate__)?/i, ''))),
    near(name) {
      const folded = foldedName(name);
      for (const form of formsOf(folded))
        for (const tool of byForm.get(form) ?? []) if (isNear(folded, foldedName(tool.name))) return tool;
      return undefined;
    },
  };
}

/** The name and each that has one letter less; none of a name that is not compared. */
function formsOf(folded: string): string[] {
  if (folded.length < LEAST_CHARS - 1 || folded.length > MOST_CHARS) return [];
  return [folded, ...Array.from(folded, (_letter, at) => folded.slice(0, at) + folded.slice(at + 1))];
}

/** What is suspicious about a tool's name beside the tools of other servers. */
export function nameFlags(name: string, others: OtherTools): Flag[] {
  const flags: Flag[] = [];
  const flag = (kind: Flag['kind'], isAlarm: boolean, what: string) => flags.push({ kind, isAlarm, at: 'name', what });
  const scripts = scriptsOf(name);
  if (scripts.length > 1) flag('look-alike', true, `mixes letters of ${scripts.join(' and ')}`);
  else if (name !== name.normalize('NFKC'))
    flag('look-alike', true, `reads as ${JSON.stringify(name.normalize('NFKC').slice(0, 100))}`);
  const prefix = /^(?:mcp__)?(?:mcpgate__)?(.+?)__/i.exec(name)?.[1]?.toLowerCase();
  if (prefix !== undefined && others.hasServer(prefix))
    flag('shadows', true, `begins with ${prefix}__, as the tools of the server ${prefix} do`);
  else {
    const known = others.known(name);
    // A server of several services may well have such names.
    if (known !== undefined) flag('shadows', false, `reads like ${known.name} of the server ${known.server}`);
  }
  const twin = isAscii(name) ? undefined : others.twin(name);
  if (twin !== undefined && scripts.length < 2)
    flag('look-alike', true, `looks like ${twin.name} of the server ${twin.server}`);
  const near = others.near(name);
  if (near !== undefined) flag('look-alike', false, `is one letter from ${near.name} of the server ${near.server}`);
  return flags;
}

/** The tools of other servers that a description names as clients know them, which their own server cannot know. */
export function mentionsIn(text: string, others: OtherTools): string[] {
  if (!text.includes('_')) return [];
  const read = isAscii(text) ? text : asRead(text);
  return [...read.matchAll(/(?:mcp__)?(?:mcpgate__)?([a-z0-9-]{1,24}__[\w-]{1,200})/gi)]
    .map(([, found = '']) => found.toLowerCase().slice(0, found.indexOf('__')) + found.slice(found.indexOf('__')))
    .filter((found) => others.has(found));
}

const SCRIPTS: readonly (readonly [string, RegExp])[] = [
  ['Latin', /\p{Script=Latin}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
  [
    'other scripts',
    /[^\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\P{L}]/u,
  ],
];

function scriptsOf(name: string): string[] {
  if (isAscii(name)) return [];
  return SCRIPTS.filter(([, pattern]) => pattern.test(name)).map(([script]) => script);
}

// oxlint-disable-next-line no-control-regex -- the range of ASCII
const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text);

/** The same for names that nobody tells apart by looking. */
const skeletonOf = (name: string): string => foldedName(asItLooks(name));

/** Without what people write differently for the same word: `createIssue`, `create_issue` and `create-issues`. */
function foldedName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replace(/s$/, '');
}

/** Whether two names differ by one letter: another one, one more, or two that changed places. */
function isNear(a: string, b: string): boolean {
  if (a === b || Math.min(a.length, b.length) < LEAST_CHARS) return false;
  // Digits tell apart what is meant to be apart: `query_v1` and `query_v2`.
  if (withoutDigits(a) === withoutDigits(b)) return false;
  return lettersApart(a, b) === 1;
}

const withoutDigits = (name: string): string => name.replace(/\d/g, '');
