// Which clients get the search instead of the whole list, where nothing was asked for: those that take only so many tools.

export interface SearchRule {
  /** A glob over the client's name; upper and lower case are one. */
  client: string;
  /** It takes at most so many tools. */
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

/** The most tools that the client takes; undefined: no rule names it. */
export function toolLimitOf(rules: readonly SearchRule[], clientName: string | null): number | undefined {
  return clientName === null ? undefined : rules.find(({ client }) => toPattern(client).test(clientName))?.above;
}
