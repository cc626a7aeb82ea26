// A server as the API shows it, and in the form in which it is edited.
import type { RecordForm, Server } from 'mcpgate-shared/api/servers';
import { shownLimits } from '../../domain/bounds/resource-limits.ts';
import { isolationOf, type RecordFields, type ServerRecord } from '../../domain/server-record.ts';
import { secretNamesOfRecord } from '../../domain/transports/transport-texts.ts';
import { shownTransport, transportForm } from '../../domain/transports/transports.ts';
import type { UpstreamStatus } from '../../upstreams/upstream.ts';
import { fromAccountForm } from '../accounts/account-forms.ts';
import { isoTime } from '../iso-time.ts';

export function toServer(record: ServerRecord, status: UpstreamStatus | undefined): Server {
  const { network, ...fields } = shownTransport(record.transport);
  return {
    id: record.id,
    name: record.name,
    enabled: record.enabled,
    isolation: isolationOf(record),
    credential: record.credential,
    account: record.account && fromAccountForm(record.account),
    probe: record.probe && { tool: record.probe.tool, arguments: { ...record.probe.arguments } },
    definitions: record.definitions,
    audit_arguments: record.auditArguments,
    trust_annotations: record.trustAnnotations,
    tool_classes: classesOf(record),
    transport: record.transport.kind,
    ...fields,
    secrets: secretNamesOfRecord(record),
    state: record.enabled ? (status?.state ?? 'idle') : 'disabled',
    circuit: status?.circuit ?? 'closed',
    retry_at: status === undefined || status.retryAt === null ? null : isoTime(status.retryAt),
    flapping: status?.flapping ?? false,
    error: status?.error ?? null,
    stderr: [...(status?.stderr ?? [])],
    warnings: [...(status?.warnings ?? [])],
    tools: status?.tools ?? null,
    processes: status?.processes ?? 0,
    unisolated: status?.processIsolation === 'none',
    process_isolation: status?.processIsolation ?? null,
    no_sandbox: status?.noSandbox ?? null,
    network,
    limits: status === undefined || status.limits === null ? null : shownLimits(status.limits),
    limits_missing: status?.limitsMissing ?? null,
    managed_by: record.managedBy ?? null,
    former_names: [...record.formerNames],
    revision: record.revision,
    created_at: isoTime(record.createdAt),
    updated_at: isoTime(record.updatedAt),
  };
}

export function toRecordForm({
  transport,
  isolation,
  trustAnnotations,
  toolClasses,
  credential,
  account,
  probe,
  definitions,
  auditArguments,
}: RecordFields): RecordForm {
  return {
    isolation,
    trust_annotations: trustAnnotations,
    tool_classes: classesOf({ toolClasses }),
    credential,
    account: account && fromAccountForm(account),
    probe: probe && { tool: probe.tool, arguments: { ...probe.arguments } },
    definitions,
    audit_arguments: auditArguments,
    transport: transportForm(transport),
  };
}

const classesOf = ({ toolClasses }: Pick<ServerRecord, 'toolClasses'>) => ({
  read: [...toolClasses.read],
  write: [...toolClasses.write],
});
