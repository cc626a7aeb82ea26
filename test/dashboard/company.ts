// What a company has around its broker, for the settings: an identity provider, a receiver of the log, a chat that is away.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '../world/network/free-port.ts';
import { IDP_CLIENT, startCompanyIdp, type CompanyIdp } from '../world/people/company-idp.ts';

export interface Company {
  readonly idp: CompanyIdp;
  /** What the broker is started with. */
  readonly brokerArgs: string[];
  readonly listen: string;
  readonly url: string;
  /** The hooks, as `hook add` takes them. */
  readonly hooks: readonly (readonly string[])[];
  /** What the receiver of the log has got. */
  readonly received: string[];
  /** Where that listens. */
  readonly receiver: string;
  close(): Promise<void>;
}

/** `host`: under which people reach the broker; browsers make passkeys for a host name alone. `more`: lines of the configuration. */
export async function startCompany({
  host = '127.0.0.1',
  more = [],
}: { host?: string; more?: readonly string[] } = {}): Promise<Company> {
  const port = await freePort();
  const [listen, url] = [`127.0.0.1:${port}`, `http://${host}:${port}`];
  const idp = await startCompanyIdp({ brokerUrl: url });
  idp.people.set('ada', {
    preferred_username: 'ada.lovelace@corp.example',
    email: 'ada.lovelace@corp.example',
    email_verified: true,
    groups: ['engineering', 'Platform Admins'],
  });
  // Of another company, which signs in there too, and is not let in here.
  idp.people.set('guest', {
    preferred_username: 'guest@partner.example',
    email: 'guest@partner.example',
    email_verified: true,
  });
  const received: string[] = [];
  const receiver = createServer((request, response) => {
    void text(request).then((body) => {
      received.push(body);
      response.end('thanks');
    });
  });
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  const address = receiver.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  const receiverUrl = `http://127.0.0.1:${address.port}`;
  const folder = mkdtempSync(join(tmpdir(), 'mg-company-'));
  writeFileSync(join(folder, 'client-secret'), `${IDP_CLIENT.secret}\n`, { mode: 0o600 });
  const config = join(folder, 'mcpgate.yaml');
  const lines = [
    'oidc:',
    `  issuer: ${idp.issuer}`,
    `  client_id: ${IDP_CLIENT.id}`,
    '  client_secret_file: client-secret',
    '  label: Corp ID',
    '  groups_claim: groups',
    '  role_mapping: { Platform Admins: admin, Security: auditor }',
    '  second_factor: [amr:mfa]',
    '  allowed_domains: [corp.example]',
    '  end_session: true',
    'audit:',
    `  checkpoints: ['file:${join(folder, 'checkpoints.jsonl')}']`,
    'secrets:',
    '  max_age: 60d',
    ...more,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return {
    idp,
    url,
    brokerArgs: ['--config', config, ...(host === '127.0.0.1' ? [] : ['--public-url', url])],
    listen,
    hooks: [
      ['siem', '--kind', 'log', '--url', `${receiverUrl}/log`],
      // Nothing listens there.
      ['chat', '--format', 'slack', '--url', 'http://127.0.0.1:9/services/team'],
    ],
    received,
    receiver: receiverUrl,
    async close() {
      await idp.close();
      receiver.closeAllConnections();
      receiver.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
