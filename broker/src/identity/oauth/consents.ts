// The consent of a person to the login of an HTTP client, of which the broker knows only what it says of itself. The consent page shows the request,
// and the person approves or denies it. It is asked for at each login: a client's tokens are renewed without one, so a client asks again only when
// it has lost its tokens, or when it is another program under the same name.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, type Client, type default as Provider } from 'oidc-provider';
import { z } from 'zod';
import { isMetadataUrl } from './client-metadata.ts';
import { readRedirectTarget, type RedirectTarget } from './redirect-target.ts';
import { readResource } from './resources.ts';

/** The browser's HTTP request and response. A cookie in them proves that it is the browser in which the client began the login. */
export interface Browser {
  request: IncomingMessage;
  response: ServerResponse;
  /** The id in the page's address. */
  id: string;
}

export interface ConsentRequest {
  /** The client's own name for itself; empty where it has given none. */
  clientName: string;
  /** The host that vouches for the client with its metadata document; undefined for one that registered itself. */
  verifiedHost: string | undefined;
  redirect: RedirectTarget;
  /** Name or UUID of the only server that the client asks for; undefined: all servers. */
  server: string | undefined;
}

export type ConsentLookup =
  /** The request has expired, was answered already, or was begun in another browser. */
  { kind: 'gone' } | { kind: 'pending'; request: ConsentRequest };

export type ConsentOutcome =
  | { kind: 'gone' }
  /** Send the browser to `redirectTo`. `grantId`: that of the login, where it was approved. */
  | { kind: 'ok'; redirectTo: string; grantId?: string };

interface ConsentingUser {
  name: string;
  workspaceId: string;
}

export interface Consents {
  find(browser: Browser): Promise<ConsentLookup>;
  /** Lets the client act for this user. */
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
  /** Makes the grant of an approved login; returns its id. */
  grant: (consent: Consent, user: ConsentingUser & { id: string }, address: string) => Promise<string>;
  onDenied: (consent: Consent, user: ConsentingUser, address: string) => Promise<void>;
}

/** The name of a client for people: its own, or else its redirect target. */
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
