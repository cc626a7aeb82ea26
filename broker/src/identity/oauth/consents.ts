// A client that is known by nothing but its own words asks for a login in the browser: look at what it asks, say yes or no. Asked each
// time: its tokens renew themselves, so a client comes back only when it has lost them, or when it is another program under the same name.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, type Client, type default as Provider } from 'oidc-provider';
import { z } from 'zod';
import { isMetadataUrl } from './client-metadata.ts';
import { readRedirectTarget, type RedirectTarget } from './redirect-target.ts';
import { readResource } from './resources.ts';

/** The request and answer of the browser: a cookie in them says that it is the one that was sent here. */
export interface Browser {
  request: IncomingMessage;
  response: ServerResponse;
  /** The id in the page's address. */
  id: string;
}

export interface ConsentRequest {
  /** As the client says of itself; empty where it says nothing. */
  clientName: string;
  /** The host that vouches for the client with its metadata document; undefined for one that registered itself. */
  verifiedHost: string | undefined;
  redirect: RedirectTarget;
  /** Name or UUID of the one server that it asks for; undefined: all. */
  server: string | undefined;
}

export type ConsentLookup =
  /** Over, answered, or begun in another browser. */
  { kind: 'gone' } | { kind: 'pending'; request: ConsentRequest };

export type ConsentOutcome =
  | { kind: 'gone' }
  /** `grantId`: of the login, where it was agreed to. */
  | { kind: 'ok'; redirectTo: string; grantId?: string };

interface ConsentingUser {
  name: string;
  workspaceId: string;
}

export interface Consents {
  find(browser: Browser): Promise<ConsentLookup>;
  /** Lets the client act as this user. */
  approve(browser: Browser, user: ConsentingUser & { id: string }, address: string): Promise<ConsentOutcome>;
  deny(browser: Browser, user: ConsentingUser, address: string): Promise<ConsentOutcome>;
}

const ParamsSchema = z.object({ client_id: z.string(), redirect_uri: z.string(), resource: z.string() });

export interface Consent extends ConsentRequest {
  client: Client;
  resource: string;
}

export interface ConsentsOptions {
  provider: Provider;
  issuer: string;
  /** Makes the grant of a login that was agreed to; returns its id. */
  grant: (consent: Consent, user: ConsentingUser & { id: string }, address: string) => Promise<string>;
  onDenied: (consent: Consent, user: ConsentingUser, address: string) => Promise<void>;
}

/** What people know a client by: its own name, else where its codes go. */
export const nameOfClient = ({ clientName, redirect }: ConsentRequest): string => clientName || redirect.shownAs;

export function createConsents({ provider, issuer, grant, onDenied }: ConsentsOptions): Consents {
  const load = async ({ request, response, id }: Browser): Promise<Consent | undefined> => {
    const interaction = await provider.interactionDetails(request, response).catch((error: unknown) => {
      if (error instanceof errors.SessionNotFound) return undefined;
      throw error;
    });
    if (interaction === undefined || interaction.uid !== id || interaction.result !== undefined) return undefined;
    const { client_id: clientId, redirect_uri: redirectUri, resource } = ParamsSchema.parse(interaction.params);
    const client = await provider.Client.find(clientId);
    const redirect = readRedirectTarget(redirectUri);
    if (client === undefined || redirect === undefined) return undefined;
    const { server } = readResource(resource, issuer) ?? {};
    const verifiedHost = isMetadataUrl(clientId) ? new URL(clientId).host : undefined;
    return { client, clientName: client.clientName ?? '', verifiedHost, redirect, resource, server };
  };

  return {
    async find(browser) {
      const consent = await load(browser);
      if (consent === undefined) return { kind: 'gone' };
      const { client: _client, resource: _resource, ...request } = consent;
      return { kind: 'pending', request };
    },
    async approve(browser, user, address) {
      const consent = await load(browser);
      if (consent === undefined) return { kind: 'gone' };
      const grantId = await grant(consent, user, address);
      const { request, response } = browser;
      const result = { login: { accountId: user.id, remember: false }, consent: { grantId } };
      return { kind: 'ok', redirectTo: await provider.interactionResult(request, response, result), grantId };
    },
    async deny(browser, user, address) {
      const consent = await load(browser);
      if (consent === undefined) return { kind: 'gone' };
      await onDenied(consent, user, address);
      const { request, response } = browser;
      const result = { error: 'access_denied', error_description: 'the person said no' };
      return { kind: 'ok', redirectTo: await provider.interactionResult(request, response, result) };
    },
  };
}
