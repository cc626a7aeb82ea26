// `mcpgate login [URL]`: the device-code login (RFC 8628), or a grant from stdin.
import type { Command } from 'commander';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { parseBrokerUrl } from '../auth/broker-url.ts';
import { deviceParameters, waitForApproval, type Approval } from '../auth/device-login.ts';
import { keepTokens } from '../auth/keep-tokens.ts';
import type { DeviceCode, OAuthClient } from '../auth/oauth-client.ts';
import { reloadDaemon, revokeCredential, saveLogin, storedLogin, type StoredLogin } from '../auth/stored-login.ts';
import { whoami } from '../auth/whoami.ts';
import type { CliContext } from '../context.ts';
import type { Credential } from '../credentials/credential-store.ts';
import { wantedTokenStore } from '../credentials/open-credential-store.ts';
import type { TokenStoreKind } from '../laptop/settings-file.ts';
import { readGrant } from './tools/read-grant.ts';

const WORST_CLOCK_SKEW_MS = 5 * 60_000;

interface LoginFlags {
  browser: boolean;
  json?: true;
  withToken?: true;
  workspace?: string;
}

export interface LoginRequest {
  broker: string;
  workspace: string | undefined;
  useBrowser: boolean;
  json: boolean;
  withToken: boolean;
  tokenStore: TokenStoreKind;
}

export function addLogin(program: Command, context: CliContext): void {
  program
    .command('login')
    .description('log in to a broker; the refresh token goes to the OS keychain')
    .argument('[URL]', 'the broker, e.g. https://mcp.example.com (else MCPGATE_BROKER, else the one of the last login)')
    .option('--no-browser', 'only print the URL and the code')
    .option(
      '--with-token',
      'read a grant (mcg_…, of `mcpgate-broker grant issue`) from stdin instead of logging in as a person',
    )
    .option('--workspace <name>', 'the workspace to log in to')
    .option('--json', 'print one JSON object a line: {"event":"code",…}, then {"event":"login",…}')
    .addHelpText(
      'after',
      `
Examples:
  $ mcpgate login https://mcp.example.com
  $ mcpgate login --no-browser
  $ echo "$GRANT" | mcpgate login https://mcp.example.com --with-token
  $ MCPGATE_TOKEN_STORE=file mcpgate login https://mcp.example.com`,
    )
    .action((url: string | undefined, flags: LoginFlags) => runLogin(parseLogin(url, flags, context), context));
}

function parseLogin(url: string | undefined, flags: LoginFlags, context: CliContext): LoginRequest {
  const typed = url ?? (context.env['MCPGATE_BROKER'] || context.settings.read().broker);
  if (typed === undefined) {
    throw new GateError('usage', 'which broker? give its URL: mcpgate login https://mcp.example.com');
  }
  return {
    broker: parseBrokerUrl(typed),
    workspace: flags.workspace,
    useBrowser: flags.browser && context.browser.available,
    json: flags.json === true,
    withToken: flags.withToken === true,
    tokenStore: wantedTokenStore(context.env),
  };
}

async function runLogin(request: LoginRequest, context: CliContext): Promise<void> {
  const { terminal } = context;
  const earlier = await readEarlier(context);
  if (earlier !== undefined) {
    const { user, address } = earlier.login;
    terminal.note(`Logged in as ${user} at ${address.broker}; that login stays until the new one is there.`);
  }
  const login = request.withToken ? await loginWithToken(request, context) : await loginOnDevice(request, context);
  if (earlier !== undefined) await endEarlier(earlier, login, context);
  // The login itself is done, so a daemon that is busy or of another version only causes a warning.
  await reloadDaemon(context).catch((error: unknown) =>
    terminal.warn(`the daemon was not told: ${toGateError(error).message}; run \`mcpgate daemon restart\``),
  );
  announce(request, login, context);
}

async function loginWithToken(request: LoginRequest, context: CliContext): Promise<StoredLogin> {
  const token = await readGrant(context);
  const { user, workspace } = await whoami(request.broker, token, context.fetch);
  if (request.workspace !== undefined && request.workspace !== workspace) {
    throw new GateError('usage', `this grant is for the workspace ${workspace}, not ${request.workspace}`);
  }
  const login: StoredLogin = {
    user,
    address: { broker: request.broker, workspace },
    tokenStore: request.tokenStore,
    kind: 'grant',
  };
  await saveLogin(context, login, { token });
  return login;
}

async function loginOnDevice(request: LoginRequest, context: CliContext): Promise<StoredLogin> {
  const { terminal, clock, fetch } = context;
  const { createOAuthClient } = await import('../auth/oauth-client.ts');
  const client = await createOAuthClient(request.broker, { fetch, clock });
  warnOfClock(client, context);
  // First checks that the credential can be stored, so that the person does not log in in vain.
  await context.openCredentials(request.tokenStore).probe();
  const code = await client.startDeviceLogin({
    ...deviceParameters({ ...context, profileDir: context.paths.profileDir }, client.broker),
    ...(request.workspace === undefined ? {} : { workspace: request.workspace }),
  });
  await showCode(code, request, context);
  const waiting = await terminal.progress('Waiting until you have confirmed there (Ctrl-C to stop)');
  let approval: Approval;
  try {
    approval = await waitForApproval(client, code, {
      interrupted: context.interrupted,
      onTrouble: (message) => waiting.update(`${message} (trying again)`),
    });
  } finally {
    waiting.stop();
  }
  if (approval.kind === 'denied') throw new GateError('not_logged_in', approval.message);
  return keepTokens(client, approval.tokens, context, {
    tokenStore: request.tokenStore,
    workspace: request.workspace,
    fetch,
    warn: (line) => terminal.warn(line),
  });
}

function warnOfClock(client: OAuthClient, { terminal }: CliContext): void {
  const skewMs = client.clockSkewMs();
  if (Math.abs(skewMs) <= WORST_CLOCK_SKEW_MS) return;
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const side = skewMs > 0 ? 'behind' : 'ahead of';
  terminal.warn(
    `this machine's clock is ${minutes} minutes ${side} the broker's; set it right, or TLS and logins will fail`,
  );
}

async function showCode(code: DeviceCode, request: LoginRequest, context: CliContext): Promise<void> {
  const { terminal } = context;
  if (request.json) {
    const event = {
      event: 'code',
      user_code: code.userCode,
      verification_uri: code.verificationUri,
      verification_uri_complete: code.verificationUriComplete,
      expires_in: code.expiresInS,
    };
    terminal.print(JSON.stringify(event));
  }
  const { bold } = terminal.noteColour;
  terminal.note(
    `To log in, open this page; the first time on this computer it asks for the code ${bold(code.userCode)}:\n`,
  );
  terminal.note(`    ${bold(code.verificationUriComplete)}\n`);
  if (code.verificationUriComplete !== code.verificationUri) {
    terminal.note(`(or open ${code.verificationUri} on any device and enter the code)`);
  }
  if (request.useBrowser && (await context.browser.open(code.verificationUriComplete))) {
    terminal.note('Your browser has been opened there.');
  } else if (terminal.attended) {
    const { renderUnicodeCompact } = await import('uqr');
    terminal.note(`\n${renderUnicodeCompact(code.verificationUriComplete)}\n`);
  }
}

interface Earlier {
  login: StoredLogin;
  /** The credential of the earlier login; absent where its store could not be read. */
  credential?: Credential | undefined;
}

async function readEarlier(context: CliContext): Promise<Earlier | undefined> {
  const settings = context.settings.read();
  const login = storedLogin(settings);
  if (login === undefined) return undefined;
  try {
    const credential = await context.openCredentials(login.tokenStore).read(login.address);
    return { login, ...(credential === null ? {} : { credential }) };
  } catch (error) {
    // The new credential may go into another store that works; that one is tested before the login.
    context.terminal.debug(`the earlier login cannot be read: ${toGateError(error).message}`);
    return { login };
  }
}

/**
 * Revokes the login that was replaced, so that its token does not stay valid unnoticed. Failures only cause a warning, because the new login
 * is done.
 */
async function endEarlier(earlier: Earlier, login: StoredLogin, context: CliContext): Promise<void> {
  const { address, tokenStore } = earlier.login;
  const sameItem =
    tokenStore === login.tokenStore &&
    address.broker === login.address.broker &&
    address.workspace === login.address.workspace;
  try {
    if (earlier.credential !== undefined) await revokeCredential(context, address.broker, earlier.credential);
  } catch (error) {
    const reason = toGateError(error).message;
    context.terminal.warn(
      `the earlier login could not be ended at ${address.broker} (${reason}); end it there by hand`,
    );
  }
  if (sameItem) return;
  try {
    await context.openCredentials(tokenStore).remove(address);
  } catch (error) {
    context.terminal.warn(`the earlier token could not be removed: ${toGateError(error).message}`);
  }
}

function announce(request: LoginRequest, login: StoredLogin, context: CliContext): void {
  const { terminal, env } = context;
  const { green, bold } = terminal.noteColour;
  const { broker } = login.address;
  if (request.json) terminal.print(JSON.stringify({ event: 'login', user: login.user, broker }));
  terminal.note(`${green('✓')} Logged in to ${broker} as ${bold(login.user)}.`);
  const { where } = context.openCredentials(login.tokenStore);
  if (login.tokenStore === 'file') {
    terminal.warn(`the token is kept in a plain file, ${where} (0600), because MCPGATE_TOKEN_STORE=file`);
  } else terminal.note(`  The token is kept in ${where}.`);
  if ((env['MCPGATE_TOKEN'] ?? '') !== '') terminal.warn('MCPGATE_TOKEN is set here and beats this login');
  const wanted = env['MCPGATE_BROKER'];
  if (wanted !== undefined && wanted !== '' && parseBrokerUrl(wanted) !== broker) {
    terminal.warn(`MCPGATE_BROKER is set here to another broker, ${wanted}, and beats this login`);
  }
  terminal.note(`  Next: ${bold('mcpgate install-clients')}`);
}
