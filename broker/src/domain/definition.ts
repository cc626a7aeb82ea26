// A definition: what a server says of one of its tools, prompts or resource templates, and its instructions. People and models decide by these
// texts what to call, so they are kept as they were first seen, and a change of one is noticed.
import type { DefinitionPolicy } from 'mcpgate-shared/api/definitions/definitions-api';

export type DefinitionKind = 'tools' | 'prompts' | 'templates' | 'instructions';

export const DEFAULT_DEFINITION_POLICY: DefinitionPolicy = 'warn';

/** What is suspicious about a definition. */
export type FlagKind =
  | 'hidden-characters'
  | 'instructions-to-model'
  | 'look-alike'
  | 'shadows'
  | 'sensitive-files'
  | 'encoded'
  | 'repeated-members'
  | 'oversized';

export interface Flag {
  kind: FlagKind;
  /** Nothing honest is likely to look so. Else it is only worth a look. */
  isAlarm: boolean;
  /** Where it stands in the definition: `description`, `inputSchema.properties.path.description`. */
  at: string;
  /** What it is, for people. It may quote the server. */
  what: string;
}

/** Says which thing of a server a definition is about. */
export interface DefinitionName {
  kind: DefinitionKind;
  /** The server's own name of the tool or prompt, or the URI template; empty for instructions. */
  name: string;
}

/** One text that was seen of a thing. A thing has several where its text has changed, or differs from person to person. */
export interface Definition extends DefinitionName {
  /** SHA-256 of its canonical form, hex. */
  digest: string;
  /** JSON, as it was first seen with this digest. */
  text: string;
  /** The same for clients up to 2025-11-25, where it differs. */
  legacyText: string | null;
  /** Whose list has had it, on a server where each person has their own account: `user:ID`. Null: several people's, or everybody's. */
  owner: string | null;
  flags: readonly Flag[];
  /** Times are ms since the epoch. */
  seenAt: number;
  /** Since when whoever listed it lists another one, before anybody has accepted it; null: it may still be listed. */
  withdrawnAt: number | null;
  acceptedAt: number | null;
  /** `first`: it was in the first list; `policy`: the server's changes are accepted; else the name of who accepted it. */
  acceptedBy: string | null;
}

/** A definition as a list has it now. */
export type SeenDefinition = Pick<Definition, 'kind' | 'name' | 'digest' | 'text' | 'legacyText' | 'flags'>;
