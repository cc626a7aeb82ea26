/**
 * The rounds of one call whose server asks its client for more each time (2026-07-28, "Multi Round-Trip Requests"), which count as one call: a server
 * that never has enough makes neither a limit void nor an approval.
 */
export const MOST_ROUNDS = 10;
