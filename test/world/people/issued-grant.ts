/** What `grant issue --json` prints; the token is shown only there. */
export interface IssuedGrant {
  id: string;
  label: string;
  token: string;
}
