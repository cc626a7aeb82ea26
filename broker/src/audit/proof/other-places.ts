// Places of checkpoints besides files: an address that is sent each by POST, a syslog receiver, a bucket of an object store.
import { hash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import { GateError } from 'mcpgate-shared/error';
import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import { sendSyslog } from '../../net/syslog/send-syslog.ts';
import { readSyslogAddress } from '../../domain/outside/syslog-address.ts';
import { asciiJson, syslogText } from '../../net/syslog/syslog-message.ts';
import type { CheckpointPlace } from './checkpoint-places.ts';
import type { Checkpoint } from './statement.ts';

/** Headers that prove who has sent a body. */
export type SignBody = (secret: string, said: { id: string; atS: number; body: string }) => object;

export interface UrlPlace {
  url: string;
  /** What signs; read anew each time. */
  secret?: (() => Promise<string>) | undefined;
}

/** An address to which each is sent; it has it once it answers 2xx. */
export function urlPlace(
  { url, secret }: UrlPlace,
  guardedFetch: GuardedFetch,
  signing?: { sign: SignBody; now: () => number },
): CheckpointPlace {
  const { host, hostname } = new URL(url);
  return {
    // What stands behind the host may be a secret.
    name: `https://${host}/…`,
    async keep(line) {
      const said = { id: `checkpoint_${digestOf(line)}`, atS: Math.floor((signing?.now() ?? 0) / 1000), body: line };
      const signed = secret === undefined || signing === undefined ? {} : signing.sign(await secret(), said);
      const headers = { 'content-type': 'application/json', ...signed };
      const { status } = await guardedFetch(url, { method: 'POST', headers, body: line, namedHost: hostname });
      assertTaken(host, status);
    },
  };
}

const SYSLOG_MS = 10_000;

/** A syslog receiver: each is one message, which is the checkpoint as JSON. */
export function syslogPlace({ url, ca }: { url: string; ca?: string | undefined }, host: string): CheckpointPlace {
  const address = readSyslogAddress(url);
  return {
    name: url,
    async keep(line) {
      const { statement } = JSON.parse(line) as Checkpoint;
      const message = syslogText({
        ...{ severity: 'notice', timestamp: statement.at, host, procId: statement.chain, msgId: 'log.checkpoint' },
        data: { 'mcpgate@32473': { id: digestOf(line), type: 'log.checkpoint' } },
        text: asciiJson(JSON.parse(line)),
      });
      await sendSyslog([message], { address, ca }, AbortSignal.timeout(SYSLOG_MS));
    },
  };
}

export interface S3Place {
  /** Of the bucket, with what stands before the names of its objects. */
  s3: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: () => Promise<string>;
}

/** A bucket: each is an object of its own, so that the bucket may forbid to change any (object lock). Signed with AWS Signature Version 4. */
export function s3Place(
  { s3, region, accessKeyId, secretAccessKey }: S3Place,
  guardedFetch: GuardedFetch,
): CheckpointPlace {
  const base = s3.replace(/\/+$/, '');
  const { host, hostname } = new URL(base);
  return {
    name: base,
    async keep(line) {
      const { statement } = JSON.parse(line) as Checkpoint;
      const name = `${statement.at.replaceAll(/[^0-9TZ]/g, '')}-${digestOf(line)}.json`;
      const { headers, url } = await new AwsV4Signer({
        ...{ url: `${base}/${name}`, method: 'PUT', body: line, service: 's3', region, accessKeyId },
        secretAccessKey: await secretAccessKey(),
        headers: { 'content-type': 'application/json', 'x-amz-content-sha256': hash('sha256', line, 'hex') },
      }).sign();
      const signed = Object.fromEntries([...headers].filter(([header]) => header !== 'host'));
      const { status } = await guardedFetch(url.href, {
        method: 'PUT',
        headers: signed,
        body: line,
        namedHost: hostname,
      });
      assertTaken(host, status);
    },
  };
}

const digestOf = (line: string): string => hash('sha256', line, 'hex').slice(0, 16);

function assertTaken(host: string, status: number): void {
  if (status < 200 || status > 299) throw new GateError('unreachable', `${host} answered ${status}`);
}
