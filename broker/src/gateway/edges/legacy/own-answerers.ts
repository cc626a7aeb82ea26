// The functions that answer mcpgate's own methods (shared/src/mcp/own-methods.ts), which the commands on a laptop send.
import { OWN_METHODS, type OwnMethod } from 'mcpgate-shared/mcp/own-methods';
import { ACCOUNT_ANSWERERS } from '../../accounts/own-accounts.ts';
import { REQUEST_ANSWERERS } from '../../approvals/own-requests.ts';
import { namedViews } from '../../bundles/named-view.ts';
import type { Answerer } from '../../call/answerer.ts';
import { resultReply } from '../../reply.ts';
import { LAPTOP_ANSWERERS } from './laptop-requests.ts';
import { sessionInfo } from './session-info.ts';

const BY_METHOD: Readonly<Record<OwnMethod, Answerer>> = {
  [OWN_METHODS.session]: async (parts, scope) => resultReply(await sessionInfo(parts, scope)),
  [OWN_METHODS.bundles]: namedViews,
  ...LAPTOP_ANSWERERS,
  ...ACCOUNT_ANSWERERS,
  ...REQUEST_ANSWERERS,
};

export const OWN_ANSWERERS: ReadonlyMap<string, Answerer> = new Map(Object.entries(BY_METHOD));
