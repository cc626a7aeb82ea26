// The names by which rules know a caller: `*`, `user:ada`, `group:eng`, `role:member`, `grant:ci`, `device:laptop`, `client:cursor`, `net:10.0.0.0/8`.
import type { Principal } from '../../domain/people/principal.ts';
import type { Rule } from '../../domain/rule.ts';
import type { Facts } from '../verdict.ts';
import { createNetworks } from './networks.ts';

export interface CallerTokens {
  /** The names by which a rule matches that takes away. What is not known of a caller counts as any of it. */
  against: readonly string[];
  /**
   * The names by which a rule matches that gives. A person's grant is left out, because a label never widens the person's rights, and so is what
   * is not known.
   */
  favour: readonly string[];
  /** Those of `against` that are known. */
  sure: readonly string[];
  /** `favour`, and whatever is not known. */
  hope: readonly string[];
}

export interface TokenReader {
  /** A text that is the same for the same tokens of one principal. */
  keyOf(facts: Facts): string;
  read(principal: Principal, facts: Facts): CallerTokens;
}

/** Names of devices, clients and networks are only read where a rule speaks of any: what is kept of the answers is kept by them. */
export function createTokenReader(rules: readonly Rule[]): TokenReader {
  const named = rules.flatMap(({ who, except }) => [...who, ...except]);
  const networks = createNetworks(named);
  const namesDevices = named.some((each) => each.startsWith('device:'));
  const clients = [...new Set(named.filter((each) => each.startsWith('client:')))];
  const namesAround = clients.length > 0 || networks.all.length > 0;

  const clientOf = ({ client }: Facts): string[] =>
    clients.length > 0 && client.name !== null ? [`client:${client.name}`] : [];
  const networksOf = ({ address }: Facts): readonly string[] => (address === undefined ? [] : networks.of(address));

  return {
    keyOf(facts) {
      if (!namesAround) return '';
      const networksText = facts.address === undefined ? '?' : networksOf(facts).join(' ');
      return `${networksText}\n${clientOf(facts).join()}`;
    },
    read(principal, facts) {
      const { user, credential, device } = principal;
      const favour = ['*'];
      if (user !== undefined) {
        favour.push(`user:${user.name}`, `role:${user.role}`);
        for (const group of user.groups) favour.push(`group:${group}`);
      } else if (credential.kind === 'grant') favour.push(`grant:${credential.label}`);
      if (namesDevices && device !== undefined) favour.push(`device:${device.name}`);
      if (namesAround) favour.push(...clientOf(facts), ...networksOf(facts));
      const isPersonsGrant = user !== undefined && credential.kind === 'grant';
      const sure = isPersonsGrant ? [...favour, `grant:${credential.label}`] : favour;
      const fearsNetworks = facts.address === undefined && networks.all.length > 0;
      const fearsClients = facts.client.name === null && clients.length > 0;
      // Of most callers all is known, and the four are one.
      if (!fearsNetworks && !fearsClients) return { favour, sure, against: sure, hope: favour };
      const feared = [...(fearsNetworks ? networks.all : []), ...(fearsClients ? clients : [])];
      return { favour, sure, against: [...sure, ...feared], hope: [...favour, ...feared] };
    },
  };
}
