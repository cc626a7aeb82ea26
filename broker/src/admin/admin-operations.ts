// The list of all administrative operations; `http` serves them on the socket and over TCP.
import { activityOperations } from './activity/activity-operations.ts';
import { accountOperations } from './accounts/account-operations.ts';
import { adminTokenOperations } from './admin-token-operations.ts';
import { argumentOperations } from './audit/argument-operations.ts';
import { auditOperations } from './audit-operations.ts';
import { backupOperations } from './backups/backup-operations.ts';
import { bundleOperations } from './bundle-operations.ts';
import { catalogueOperations } from './servers/catalogue-operations.ts';
import type { AdminDependencies } from './dependencies.ts';
import { configurationOperations } from './configuration/configuration-operations.ts';
import { definitionOperations } from './definition-operations.ts';
import { deviceOperations } from './device-operations.ts';
import { endingOperations } from './people/ending-operations.ts';
import { eventOperations } from './events/event-operations.ts';
import { groupOperations } from './group-operations.ts';
import { grantOperations } from './grant-operations.ts';
import { hookOperations } from './hook-operations.ts';
import { keyOperations } from './key-operations.ts';
import type { Operation } from './operation.ts';
import { archiveOperations } from './audit/archive-operations.ts';
import { exportOperations } from './audit/export-operations.ts';
import { reportOperations } from './audit/report-operations.ts';
import { proofOperations } from './audit/proof-operations.ts';
import { proposalOperations } from './servers/proposal-operations.ts';
import { reloadOperations } from './reload/reload-operations.ts';
import { requestOperations } from './request-operations.ts';
import { previewOperations } from './rules/preview-operations.ts';
import { ruleOperations } from './rules/rule-operations.ts';
import { secretOperations } from './secret-operations.ts';
import { serverOperations } from './servers/server-operations.ts';
import { settingsOperations } from './settings/settings-operations.ts';
import { statusOperations } from './status-operations.ts';
import { userOperations } from './user-operations.ts';
import { workspaceOperations } from './workspace-operations.ts';

export function adminOperations(dependencies: AdminDependencies): Operation[] {
  const operations = [
    ...statusOperations(dependencies),
    ...settingsOperations(dependencies),
    ...activityOperations(dependencies),
    ...workspaceOperations(dependencies),
    ...userOperations(dependencies),
    ...endingOperations(dependencies),
    ...groupOperations(dependencies),
    ...deviceOperations(dependencies),
    ...grantOperations(dependencies),
    ...adminTokenOperations(dependencies),
    ...catalogueOperations(dependencies),
    ...serverOperations(dependencies),
    ...proposalOperations(dependencies),
    ...accountOperations(dependencies),
    ...secretOperations(dependencies),
    ...keyOperations(dependencies),
    ...backupOperations(dependencies),
    ...reloadOperations(dependencies),
    ...bundleOperations(dependencies),
    ...ruleOperations(dependencies),
    ...previewOperations(dependencies),
    ...definitionOperations(dependencies),
    ...hookOperations(dependencies),
    ...requestOperations(dependencies),
    ...configurationOperations(dependencies),
    ...auditOperations(dependencies),
    ...argumentOperations(dependencies),
    ...proofOperations(dependencies),
    ...exportOperations(dependencies),
    ...archiveOperations(dependencies),
    ...eventOperations(dependencies),
  ];
  return [...operations, ...reportOperations(dependencies, operations)];
}
