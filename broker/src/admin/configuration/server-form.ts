// A server as a configuration has it, made into what the store takes, and back. What is as it is unless said is left out.
import { isDeepStrictEqual } from 'node:util';
import { type ServerForm, ServerFormSchema, type WrittenConfiguration } from 'mcpgate-shared/api/config/configuration';
import { located } from '../../domain/mistake.ts';
import { readTransport } from '../../domain/transports/transports.ts';
import { toAccountForm } from '../accounts/account-forms.ts';
import type { RecordFields } from '../../domain/server-record.ts';
import { toRecordForm } from '../servers/server-view.ts';

export type WrittenServer = NonNullable<WrittenConfiguration['servers']>[string];
export type SaidOfServer = RecordFields & { enabled: boolean };

/** Throws `usage` for a transport that cannot be. */
export function serverFrom(form: ServerForm): SaidOfServer {
  const { isolation, credential, probe, definitions, enabled } = form;
  const { trust_annotations: trustAnnotations, tool_classes: toolClasses, audit_arguments: auditArguments } = form;
  const transport = located(['transport'], () => readTransport(form.transport));
  const account = form.account && toAccountForm(form.account);
  const fields = { transport, isolation, trustAnnotations, toolClasses, credential, account, probe, definitions };
  return { ...fields, auditArguments, enabled };
}

export function serverForm({ enabled, ...fields }: SaidOfServer): WrittenServer {
  const { transport, ...record } = toRecordForm(fields);
  const { isolation, trust_annotations, tool_classes, credential, account, probe, definitions, audit_arguments } =
    record;
  const usual = ServerFormSchema.parse({ transport });
  return {
    transport,
    ...(isolation !== usual.isolation && { isolation }),
    ...(credential !== usual.credential && { credential }),
    ...(account !== null && { account }),
    ...(trust_annotations !== usual.trust_annotations && { trust_annotations }),
    ...(!isDeepStrictEqual(tool_classes, usual.tool_classes) && { tool_classes }),
    ...(definitions !== usual.definitions && { definitions }),
    ...(audit_arguments !== usual.audit_arguments && { audit_arguments }),
    ...(probe !== null && { probe }),
    ...(enabled !== usual.enabled && { enabled }),
  };
}
