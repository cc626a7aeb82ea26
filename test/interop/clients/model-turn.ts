// What a model does in one turn, apart from the three ways in which its service is asked: calls the tool it was told to call, once.

/** A tool as the client offers it; clients that group tools say the group's name too. */
export interface OfferedTool {
  name: string;
  namespace?: string;
}

export interface AskedTurn {
  tools: readonly OfferedTool[];
  /** Texts of tool results in the conversation so far. */
  results: readonly string[];
  isStreamed: boolean;
}

export type Turn = { call: OfferedTool; arguments: string } | { say: string };

/** Calls the offered tool whose name ends in `tool`, unless its result is there already. */
export function takeTurn(asked: AskedTurn, tool: string, toolArguments: unknown): Turn {
  const offered = asked.tools.find(({ name }) => name.endsWith(tool));
  if (offered === undefined || asked.results.length > 0) return { say: 'done' };
  return { call: offered, arguments: JSON.stringify(toolArguments) };
}
