// What a page in somebody's browser may do only if they have shown lately who they are: what others would want to do in their name at a desk that was left.
// Beside the roles (`../roles.ts`), which say whether they may at all. Tokens are not asked: they have nobody before them.
import type { Endpoint } from '../endpoint.ts';

const STEP_UP: ReadonlySet<string> = new Set([
  // Secrets and keys: set, rotated, taken back, carried off.
  ...['setSecret', 'rotateSecret', 'rollbackSecret', 'removeSecret', 'rotateMasterKey', 'rotateSigningKeys'],
  ...['makeBackup', 'keepBackup', 'showArguments'],
  // What cannot be taken back: rows of the log leave the database, values of arguments are gone.
  'archiveAudit',
  // Where secrets are sent.
  ...['addServer', 'importServers', 'addServerFromCatalogue', 'acceptProposal', 'updateServer', 'replaceServerRecord'],
  // What ends for somebody.
  ...['disableUser', 'removeUser', 'disableGroup', 'removeGroup', 'removeFromGroup', 'removeServer', 'removeWorkspace'],
  ...['revokeDevice', 'endSession', 'revokeGrant', 'revokeAdminToken', 'disconnectServer'],
  // Who may do what.
  ...[
    'addRule',
    'replaceRule',
    'removeRule',
    'setEnforcement',
    'applyConfiguration',
    'addHook',
    'setHook',
    'removeHook',
  ],
  ...['addUser', 'enableUser', 'setUserRole', 'setUserGroups', 'addToGroup', 'setOnCall', 'acceptDefinitions'],
  // What rules are about: a bundle gives tools with arguments of its own, a name that is free is that of another server, an account is everybody's.
  ...['addBundle', 'setBundle', 'removeBundle', 'setDefaultBundle', 'enableServer', 'renameServer', 'connectServer'],
  'addWorkspace',
  // By what somebody comes in.
  ...['issueGrant', 'issueAdminToken', 'approveLogin', 'createUserLink', 'resetUser'],
  ...['getPasskeyOptions', 'addPasskey', 'removePasskey'],
]);

export const needsStepUp = ({ name }: Pick<Endpoint, 'name'>): boolean => STEP_UP.has(name);

/** Of what somebody approves: one call stays one click, access and all calls of a tool for a time are rights that last. `forS`: as the request says it. */
export const approvalNeedsStepUp = (kind: 'call' | 'access', forS: number | undefined): boolean =>
  kind === 'access' || forS !== undefined;

/** For the test that each of them is an endpoint. */
export const STEP_UP_NAMES: readonly string[] = [...STEP_UP];
