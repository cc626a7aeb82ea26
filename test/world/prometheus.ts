// A real Prometheus that reads one broker and evaluates alert rules, in a folder of its own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startCommand } from './command.ts';
import { freePort } from './network/free-port.ts';
import { until } from './until.ts';

export interface Prometheus {
  /** The `data` of an answer of its API. Throws what it says where it refuses. */
  ask(path: string): Promise<unknown>;
}

export async function startPrometheus(
  t: Pick<TestContext, 'after'>,
  { folder, target, rules }: { folder: string; target: string; rules: string },
): Promise<Prometheus> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'prometheus.yml');
  const scrape = [{ job_name: 'mcpgate', static_configs: [{ targets: [target] }] }];
  // JSON is YAML.
  const global = { scrape_interval: '1s', evaluation_interval: '1s' };
  writeFileSync(config, JSON.stringify({ global, rule_files: [rules], scrape_configs: scrape }));
  const listen = `127.0.0.1:${await freePort()}`;
  const running = startCommand(
    [
      ...(['prometheus', `--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`] as const),
      `--web.listen-address=${listen}`,
    ],
    { env: { PATH: process.env['PATH'] }, cwd: folder },
  );
  t.after(() => running.stop('SIGKILL'));
  await running.line(/Server is ready to receive web requests/);
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://${listen}/api/v1/${path}`);
    const { status, data, error } = (await answer.json()) as { status: string; data: unknown; error?: string };
    if (status !== 'success') throw new Error(`${path}: ${error}`);
    return data;
  };
  await until('the broker was read twice', async () => {
    const data = (await ask(`query?query=${encodeURIComponent('count_over_time(up[1m])')}`)) as {
      result: { value: [number, string] }[];
    };
    return Number(data.result[0]?.value[1]) >= 2;
  });
  return { ask };
}
