// The user codes of the device flow: eight consonants, shown as `BCDF-GHJK`; people may type them in any case, with or without the dash.

/** The code as the store has it: upper case, letters only. Undefined where the typed text cannot be a code. */
export function normalizeUserCode(typed: string): string | undefined {
  const code = typed.toUpperCase().replace(/[^A-Z0-9]/g, '');
  return /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/.test(code) ? code : undefined;
}

export const formatUserCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`;
