// Rules for clients that can only take a limited number of tools: they get the search tools instead of a longer list, unless they chose a mode.

export interface SearchRule {
  /** A glob for the client's name; case is ignored. */
  client: string;
  /** The most tools that the client can take. */
  above: number;
}

const toPattern = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'i',
  );

/** The most tools that the client can take; undefined: no rule matches its name. */
export function toolLimitOf(rules: readonly SearchRule[], clientName: string | null): number | undefined {
  return clientName === null ? undefined : rules.find(({ client }) => toPattern(client).test(clientName))?.above;
}
