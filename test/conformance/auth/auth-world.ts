// A broker that is the client of the suites' authorization servers, and Ada: her browser is a few fetches, as that of the suites' own clients.
// The suites' IdP signs nobody in and has no keys to look up: it trades an ID token that it hands the client. So Grace signs in at a company's IdP of
// ours, which passes what the broker asks it for on to the suite's, with that ID token in place of hers.
// The broker's address is https, as where people use it: so it describes itself to authorization servers at a URL.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { UrlElicitationRequiredError } from '@modelcontextprotocol/sdk/types.js';
import { signInAt } from '../../../broker/src/http/pages/fixtures/idp-world.ts';
import { createPageBrowser } from '../../../broker/src/http/pages/fixtures/page-browser.ts';
import { CLIENT, startCrookedIdp, type TokenAnswer } from '../../../broker/src/identity/idp/fixtures/crooked-idp.ts';
import { openWorld } from '../../world.ts';
import type { IssuedGrant } from '../../world/people/issued-grant.ts';
import { GATE } from '../../world/people/person.ts';
import { until } from '../../world/until.ts';
import type { LegName } from '../legs.ts';
import type { AuthPlan } from './auth-plans.ts';

const PUBLIC_URL = 'https://mcpgate.conformance.example';
const PASSWORD = 'correct horse battery staple 7';
/** Of the tool that every scenario's server has. */
const TOOL = 'test-tool';
/** More than any login takes; whoever asks for more asks without end. */
const MOST_LOGINS = 4;

export interface AuthRun {
  /** What the person and their AI client heard, in order. */
  readonly heard: readonly string[];
  /** Why this is not what the plan says; undefined: it is. */
  readonly wrong: string | undefined;
}

export interface AuthWorld extends AsyncDisposable {
  /** Adds the server at `url` as `plan` says, and calls it as its person until their client has its answer. */
  run(leg: Exclude<LegName, 'direct'>, url: string, plan: AuthPlan): Promise<AuthRun>;
  logs(): string;
}

export async function openAuthWorld(): Promise<AuthWorld> {
  await using stack = new AsyncDisposableStack();
  const idp = stack.adopt(await startCrookedIdp(), (one) => one.stop());
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'mg-config-')), (one) => rmSync(one, { recursive: true }));
  writeFileSync(join(folder, 'client-secret'), CLIENT.secret, { mode: 0o600 });
  const oidc = { issuer: idp.issuer, client_id: CLIENT.id, client_secret_file: 'client-secret', token_exchange: true };
  const config = join(folder, 'mcpgate.yaml');
  writeFileSync(config, JSON.stringify({ oidc, outbound: { allow_hosts: ['127.0.0.1'] } }));
  const brokerArgs = ['--config', config, '--public-url', PUBLIC_URL, '--behind-proxy', '127.0.0.1/32'];
  const world = stack.adopt(await openWorld({ direct: true, brokerArgs }), (one) => one.close());
  const { broker } = world;
  const ada = await world.person('ada', { role: 'admin' });
  const browser = createPageBrowser(broker.listenUrl, PUBLIC_URL);
  const { url: link } = (await broker.json(['user', 'link', 'ada'])) as { url: string };
  const signUp = new URL(link);
  await browser.submit(await browser.open(signUp.pathname + signUp.search), { password: PASSWORD, repeat: PASSWORD });

  /** Ada connects at the page that she was shown: where that ends, as the page says it. */
  async function connect(page: string): Promise<{ isConnected: boolean; text: string }> {
    const begun = await browser.submit(await browser.open(new URL(page).pathname), {}, '/connect');
    const [, href] = /<a class="button full" href="([^"]+)">Continue/.exec(begun.html) ?? [];
    if (href === undefined) return { isConnected: false, text: textOf(begun.html) };
    const provider = new URL(href.replaceAll(/&#(\d+);/g, (_match, code: string) => String.fromCharCode(Number(code))));
    const answer = await fetch(provider, { redirect: 'manual' });
    const location = answer.headers.get('location');
    if (location?.startsWith(`${PUBLIC_URL}/`) !== true)
      return { isConnected: false, text: `the authorization server answered ${answer.status} ${location ?? ''}` };
    const client = provider.searchParams.get('client_id') ?? '';
    if (client.startsWith(PUBLIC_URL)) await checkDocument(client, location);
    const back = await browser.open(location.slice(PUBLIC_URL.length));
    return { isConnected: back.status === 200, text: textOf(back.html) };
  }

  /** The broker has said that it describes itself there. */
  async function checkDocument(client: string, location: string): Promise<void> {
    const answer = await fetch(`${broker.listenUrl}${client.slice(PUBLIC_URL.length)}`);
    const document = (await answer.json()) as { client_id: string; redirect_uris: string[]; grant_types: string[] };
    const { origin, pathname } = new URL(location);
    if (document.client_id !== client || !document.redirect_uris.includes(`${origin}${pathname}`))
      throw new Error(`what is at ${client} is not what it is: ${JSON.stringify(document)}`);
    if (!document.grant_types.includes('refresh_token')) throw new Error(`${client} takes no refresh tokens`);
  }

  /** Grace has signed in just now. */
  async function signIn({ endpoint, clientId, idToken }: NonNullable<AuthPlan['exchange']>): Promise<void> {
    idp.atExchange = async (form): Promise<TokenAnswer> => {
      const body = new URLSearchParams([...form, ['client_id', clientId]]);
      body.set('subject_token', idToken);
      const answer = await fetch(endpoint, { method: 'POST', body });
      return { status: answer.status, body: await answer.json() };
    };
    idp.claims = { sub: 'grace', preferred_username: 'grace' };
    const page = await signInAt(idp.issuer, createPageBrowser(broker.listenUrl, PUBLIC_URL));
    if (page.status !== 200) throw new Error(`Grace is not signed in: ${textOf(page.html)}`);
  }

  async function clientOf(leg: Exclude<LegName, 'direct'>, server: string, person: string): Promise<Client> {
    const words = ['grant', 'issue', '--label', randomUUID(), '--server', server, '--user', person];
    const { token } = (await broker.json(words)) as IssuedGrant;
    const client = new Client({ name: 'conformance', version: '1' }, { capabilities: { elicitation: { url: {} } } });
    const env = { ...ada.env, MCPGATE_TOKEN: token, MCPGATE_BROKER: broker.listenUrl };
    await client.connect(
      leg === 'serve'
        ? new StdioClientTransport({ command: process.execPath, args: [GATE, 'serve', '--server', server], env })
        : new StreamableHTTPClientTransport(new URL(`${broker.listenUrl}/mcp/${server}`), {
            requestInit: { headers: { authorization: `Bearer ${token}` } },
          }),
    );
    return client;
  }

  /** Calls until there is an answer, connecting whenever the client is sent to a page. */
  async function call(client: Client, plan: AuthPlan, heard: string[]): Promise<string | undefined> {
    let logins = 0;
    const once = async (): Promise<string | undefined | false> => {
      const result = await client.callTool({ name: TOOL, arguments: {} }).catch((error: unknown) => error);
      if (result instanceof UrlElicitationRequiredError) {
        const page = result.elicitations[0]?.url ?? '';
        if (logins++ === MOST_LOGINS) return `the person is asked without end: ${page}`;
        const { isConnected, text } = await connect(page);
        heard.push(text);
        if (isConnected) return false;
        return plan.refused?.test(text) === true ? undefined : `not connected: ${text}`;
      }
      const text = result instanceof Error ? result.message : JSON.stringify(result);
      heard.push(text);
      const isAnswered = !(result instanceof Error) && (result as { isError?: boolean }).isError !== true;
      if (plan.refused !== undefined) return `the login was not refused: ${text}`;
      if (plan.fails === true) return isAnswered ? `the call was answered: ${text}` : undefined;
      // A server that refuses a token which it has only just been given is believed a little later.
      return isAnswered ? undefined : false;
    };
    let outcome: string | undefined | false = false;
    try {
      await until('an answer', async () => (outcome = await once()) !== false, 15_000);
    } catch {
      return `no answer in time: ${heard.at(-1) ?? 'nothing was heard'}`;
    }
    return outcome === false ? 'no answer' : outcome;
  }

  const owned = stack.move();
  let count = 0;
  return {
    async run(leg, url, plan) {
      const server = `scenario-${++count}`;
      const heard: string[] = [];
      for (const [name, value] of Object.entries(plan.secrets))
        await broker.run(['secret', 'set', name], { stdin: value });
      await broker.run(['server', 'add', server, url, ...plan.words]);
      if (plan.exchange !== undefined) await signIn(plan.exchange);
      const client = await clientOf(leg, server, plan.exchange === undefined ? 'ada' : 'grace');
      try {
        let wrong: string | undefined;
        for (let calls = plan.calls ?? 1; calls > 0 && wrong === undefined; calls--)
          wrong = await call(client, plan, heard);
        return { heard, wrong };
      } finally {
        await client.close();
        await broker.run(['server', 'remove', server]);
      }
    },
    logs: () => world.logs(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What a page says. */
const textOf = (html: string): string =>
  (/<div class="card">(.*)<\/div>/s.exec(html)?.[1] ?? html)
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
