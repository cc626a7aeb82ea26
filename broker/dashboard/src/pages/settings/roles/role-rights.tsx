// What each role may do, as the one table of roles has it: asked of the same function that the broker asks.
import { Box, Table, VisuallyHidden } from '@mantine/core';
import { IconCheck, IconMinus } from '@tabler/icons-react';
import { may, ROLES, type Access, type Right } from 'mcpgate-shared/api/roles';
import { Section } from '../../../parts/page.tsx';
import classes from './roles.module.css';

/** Each in words; one that is added to the table of roles has its words here first. */
const IN_WORDS: Readonly<Record<Access | Right, string>> = {
  anyone: 'See who the token belongs to',
  member: 'Use what rules allow; see and end what is their own: devices, grants, accounts, calls',
  operator: 'See to servers and rules, and see the state of the broker',
  auditor: 'Read the log, verify it, export it, make its report',
  see_others: 'See people, groups and what acts for others',
  others_things: 'End what acts for others: devices, sign-ins, grants',
  reach: 'Say where secrets and accounts are sent',
  commands: 'Have any command run on the broker’s host, in the first workspace',
  admin: 'People, secrets, hooks, keys, settings: whatever is not named here',
  administer: 'Keep a password where the provider signs others in',
  workspaces: 'Enter other workspaces, and make them',
  scim: 'Manage people and groups over SCIM',
  told_email: 'Be given another e-mail address over SCIM',
};
/** What is for people to know; the others follow from them, or are of tokens. */
const SHOWN = [
  ...(['member', 'operator', 'auditor', 'see_others', 'others_things'] as const),
  ...(['reach', 'admin', 'workspaces', 'commands'] as const),
];

export function RoleRights() {
  return (
    <Section
      title="What each role may do"
      lead="The broker asks this table at every request; what a page hides, it refuses. A token of the role scim manages people over SCIM, and nothing else."
    >
      <Box className={classes['scroll'] ?? ''} role="region" aria-label="Table of rights and roles" tabIndex={0}>
        <Table verticalSpacing="sm" miw={560}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Right</Table.Th>
              {ROLES.map((role) => (
                <Table.Th key={role} scope="col" ta="center" w={92}>
                  {role}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {SHOWN.map((right) => (
              <Table.Tr key={right}>
                <Table.Th scope="row" fw={400}>
                  {IN_WORDS[right]}
                </Table.Th>
                {ROLES.map((role) => (
                  <Table.Td key={role} ta="center">
                    {may(role, right) ? (
                      <IconCheck size={18} aria-hidden className={classes['yes']} />
                    ) : (
                      <IconMinus size={16} aria-hidden className={classes['no']} />
                    )}
                    <VisuallyHidden>{may(role, right) ? 'yes' : 'no'}</VisuallyHidden>
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Box>
    </Section>
  );
}
