// Administration tokens: programs that administer, each with a role.
import { IconKey } from '@tabler/icons-react';
import { adminTokensApi, type AdminToken } from 'mcpgate-shared/api/admin-tokens';
import { may } from 'mcpgate-shared/api/roles';
import { useState } from 'react';
import { Button } from '@mantine/core';
import { useWhole } from '../../../api/use-whole.ts';
import { Empty } from '../../../parts/empty.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { IssueToken } from '../tokens/issue-token.tsx';
import { TokenTable } from '../tokens/token-table.tsx';

/** Those of SCIM have a section of their own. */
const isOfPrograms = ({ role }: AdminToken): boolean => !may(role, 'scim');

export function AdminTokens() {
  const tokens = useWhole(adminTokensApi.list, { query: { state: 'active' } });
  const [isIssuing, setIssuing] = useState(false);
  return (
    <Section
      title="Administration tokens"
      lead="Programs that administer, as MCPGATE_ADMIN_TOKEN or over the API."
      actions={
        <Button variant="default" size="sm" onClick={() => setIssuing(true)}>
          Issue a token
        </Button>
      }
      flush
    >
      <Loaded query={tokens}>
        {(all) => (
          <TokenTable
            label="Administration tokens"
            tokens={all.filter(isOfPrograms)}
            withRole
            empty={
              <Empty icon={IconKey} title="No program administers this broker">
                A token is shown once, has a role, and ends when you say so.
              </Empty>
            }
          />
        )}
      </Loaded>
      <IssueToken opened={isIssuing} onClose={() => setIssuing(false)} roles={['operator', 'auditor', 'admin']} />
    </Section>
  );
}
