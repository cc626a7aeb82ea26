// Repairs what a server says of itself in its handshake, for AI clients: wrong capabilities, names and versions are put right or dropped.
import { findMember, scanObject, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import { parseRecord, stringOf, type JsonRecord } from '../../../mcp/json-rpc-guard.ts';
import { quoteForeign } from '../../../mcp/quote-foreign.ts';
import { ICON } from './entry.ts';
import {
  BOOLEAN,
  isWhat,
  kindOf,
  listOf,
  mapOf,
  objectOf,
  STRING,
  withMember,
  type Note,
  type Shape,
} from './shape.ts';

export interface Introduction {
  capabilities: JsonRecord;
  /** The `serverInfo`: JSON text of an object with a name and a version. */
  infoText: string;
  instructions: string | null;
  faults: readonly string[];
}

/** A capability. Null and false mean that the server does not have it; any other value that is no object counts as `{}`. */
function capability(members: readonly (readonly [string, Shape])[] = []): Shape {
  const whole = objectOf(new Map(members));
  return (text, notes) => {
    if (kindOf(text) === 'object') return whole(text, notes);
    if (text === 'null' || text === 'false') return undefined;
    notes.push({ at: '', what: `${isWhat(text)}, which counts as {}` });
    return '{}';
  };
}

const CHANGES = ['listChanged', BOOLEAN] as const;
const CAPABILITIES = objectOf(
  new Map<string, Shape>([
    ['tools', capability([CHANGES])],
    ['prompts', capability([CHANGES])],
    ['resources', capability([CHANGES, ['subscribe', BOOLEAN]])],
    ['logging', capability()],
    ['completions', capability()],
    ['experimental', mapOf(capability())],
    ['extensions', mapOf(capability())],
    [
      'tasks',
      capability([
        ['list', capability()],
        ['cancel', capability()],
        ['requests', mapOf(mapOf(capability()))],
      ]),
    ],
  ]),
);
const INFO = objectOf(
  new Map<string, Shape>([
    ['name', STRING],
    ['version', (text) => (kindOf(text) === 'number' ? JSON.stringify(text) : STRING(text, []))],
    ['title', STRING],
    ['description', STRING],
    ['websiteUrl', STRING],
    ['icons', listOf(ICON)],
  ]),
);

/** `text`: the server's answer; `infoAt`: where its `serverInfo` stands. `mustNameItself`: it is a fault where there is none. */
export function tidyIntroduction(
  serverName: string,
  text: string,
  infoAt: JsonMember | undefined,
  mustNameItself: boolean,
): Introduction {
  const notes: Note[] = [];
  const { members } = scanObject(text);
  const declared = findMember(members, 'capabilities');
  const said = declared === undefined ? '{}' : text.slice(declared.start, declared.end);
  const capabilities = CAPABILITIES(said, notes);
  for (const note of notes) note.at = note.at === '' ? 'capabilities' : `capabilities.${note.at}`;
  if (capabilities === undefined) notes.push({ at: 'capabilities', what: isWhat(said) });

  const infoNotes: Note[] = [];
  const info = infoAt === undefined ? 'null' : text.slice(infoAt.start, infoAt.end);
  let infoText = INFO(info, infoNotes);
  if (infoText === undefined) infoNotes.push({ at: '', what: infoAt === undefined ? 'is missing' : isWhat(info) });
  infoText ??= '{}';
  for (const [name, otherwise] of [
    ['version', 'unknown'],
    ['name', serverName],
  ] as const) {
    if (findMember(scanObject(infoText).members, name) === undefined)
      infoText = withMember(infoText, name, JSON.stringify(otherwise));
  }
  for (const { at, what } of infoNotes) {
    if (mustNameItself || infoAt !== undefined) notes.push({ at: at === '' ? 'serverInfo' : `serverInfo.${at}`, what });
  }

  const instructionsAt = findMember(members, 'instructions');
  const instructions = instructionsAt && text.slice(instructionsAt.start, instructionsAt.end);
  if (instructions !== undefined && kindOf(instructions) !== 'string' && instructions !== 'null')
    notes.push({ at: 'instructions', what: isWhat(instructions) });
  return {
    capabilities: parseRecord(capabilities ?? '{}') ?? {},
    infoText,
    instructions: stringOf(parseRecord(text)?.['instructions']) ?? null,
    faults: notes.slice(0, 20).map(({ at, what }) => `handshake: ${quoteForeign(at).slice(1, -1)} ${what}`),
  };
}
