// Of whom the configuration demands a second factor, and what counts as one at the company's provider.
import { may, type Role } from 'mcpgate-shared/api/roles';

/** `sign_in.second_factor`. `administrators`: everybody who may change what is others', so operators too. */
export type SecondFactorDemand = 'off' | 'administrators' | 'everyone';

export interface SecondFactors {
  isDemandedOf(person: { role: Role }): boolean;
  /** Whether these claims of a verified ID token say that the provider has asked for a second factor. */
  isToldBy(claims: Readonly<Record<string, unknown>>): boolean;
}

/** Words of `oidc.second_factor`: `amr:mfa`, `acr:urn:…`, or `any`: the provider never lets anybody in without. */
export function createSecondFactors(parts: { demand: SecondFactorDemand; told: readonly string[] }): SecondFactors {
  const told = new Set(parts.told);
  return {
    isDemandedOf: ({ role }) =>
      parts.demand === 'everyone' || (parts.demand === 'administrators' && may(role, 'operator')),
    isToldBy({ amr, acr }) {
      const methods = Array.isArray(amr) ? amr.filter((value) => typeof value === 'string') : [];
      return (
        told.has('any') ||
        methods.some((method) => told.has(`amr:${method}`)) ||
        (typeof acr === 'string' && told.has(`acr:${acr}`))
      );
    },
  };
}
