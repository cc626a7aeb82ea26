// Repairs progress notifications and log messages of servers, for AI clients; progress without a number is dropped.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { kindOf, NUMBER, OBJECT, objectOf, STRING, withMember, type Shape } from './shape.ts';

/** The log levels of MCP (RFC 5424), from the least to the most severe. */
export const LOG_LEVELS: readonly string[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];
const OTHER_LEVELS: ReadonlyMap<string, string> = new Map([
  ['trace', 'debug'],
  ['verbose', 'debug'],
  ['warn', 'warning'],
  ['err', 'error'],
  ['fatal', 'critical'],
  ['crit', 'critical'],
]);

const LEVEL: Shape = (text) => {
  if (LOG_LEVELS.some((level) => text === `"${level}"`)) return text;
  const said = kindOf(text) === 'string' ? String(JSON.parse(text)).toLowerCase() : '';
  return JSON.stringify(LOG_LEVELS.includes(said) ? said : (OTHER_LEVELS.get(said) ?? 'info'));
};
const LOG = objectOf(
  new Map<string, Shape>([
    ['level', LEVEL],
    ['logger', STRING],
    ['_meta', OBJECT],
  ]),
);
const PROGRESS = objectOf(
  new Map<string, Shape>([
    ['progress', NUMBER],
    ['total', NUMBER],
    ['message', STRING],
    ['_meta', OBJECT],
  ]),
);

/** `paramsText`: the params of `notifications/message`. Returns params that clients take. */
export function tidyLog(paramsText: string): string {
  let text = LOG(paramsText, []) ?? '{}';
  if (!has(text, 'data')) text = withMember(text, 'data', 'null');
  return has(text, 'level') ? text : withMember(text, 'level', '"info"');
}

/** `paramsText`: the params of `notifications/progress`. Undefined where they have no number that says how far the request is. */
export function tidyProgress(paramsText: string): string | undefined {
  const text = PROGRESS(paramsText, []);
  return text !== undefined && has(text, 'progress') ? text : undefined;
}

function has(text: string, member: string): boolean {
  return findMember(scanObject(text).members, member) !== undefined;
}
