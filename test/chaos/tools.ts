// The tools of the counting upstream. A call names itself by its token, and its answer can be told from every other call's.

export const TOOLS = ['quick', 'slow', 'large'] as const;
export type Tool = (typeof TOOLS)[number];

export interface CallArguments {
  tool: Tool;
  token: string;
  /** `slow`: how long it takes. */
  ms?: number;
  /** `large`: how long its answer is. */
  bytes?: number;
}

/** The only right answer. */
export function answerTo({ tool, token, bytes = 0 }: CallArguments): string {
  const text = `${tool} ${token};`;
  return tool === 'large' ? text.repeat(Math.ceil(bytes / text.length)) : text;
}
