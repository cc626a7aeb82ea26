// What the company's IdP says of a person to a server's authorization server: identity asks it for that, accounts are made with it.

export interface AssertionRequest {
  workspaceId: string;
  userId: string;
  /** The authorization server that is to believe it: its issuer. */
  audience: string;
  resource: string;
  scopes: readonly string[];
}

export type AssertionAnswer =
  | { kind: 'granted'; assertion: string }
  /** Nothing is kept of a sign-in of this person at the IdP, or it is good no more: they must sign in again. */
  | { kind: 'no_sign_in' }
  /** The IdP said no. `by`: its name for people. */
  | { kind: 'refused'; by: string; why: string };

export interface CompanyAssertions {
  /** Throws `unreachable` where the IdP is away. */
  request(of: AssertionRequest): Promise<AssertionAnswer>;
  /** Nothing is kept of this person's sign-ins any more. */
  forget(userId: string): Promise<void>;
}
