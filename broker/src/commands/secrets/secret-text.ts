// What the commands about secrets print of a change: what is in use now, what the services say of it, and what to do next.
import type { ProvedDead, RotatedSecret, SecretStep, SetSecret } from 'mcpgate-shared/api/secrets';
import { plainLine } from 'mcpgate-shared/plain-line';

/** What becomes of the value, by server. */
export function setText({ name, version, servers, hooks, unfit, verified, steps }: SetSecret, inside: string): string {
  const fit = servers.filter((server) => unfit.every((each) => each.server !== server));
  const using = [...fit, ...hooks.map((hook) => `the hook ${hook}`)];
  const users = using.length === 0 ? '' : `; used by ${using.join(', ')} from the next call on`;
  const unused = servers.length + hooks.length === 0 ? `; nothing uses it yet; refer to it as \${secret:${name}}` : '';
  const lines = unfit.map(({ server, why }) => `  ! ${server} cannot use it, and its calls fail: ${plainLine(why)}`);
  const probes = steps.filter(({ server }) => unfit.every((each) => each.server !== server));
  const back =
    version > 1 ? `\n\`mcpgate-broker secret rollback ${name}${inside}\` brings back the version before` : '';
  return [
    `${name} is now version ${version}${users}${unused}`,
    ...lines,
    ...probes.map(stepLine),
    ...(verified === false
      ? [`the value is kept and in use, but not every server works with it: set it again${back}`]
      : []),
    ...(verified === null && probes.some(({ ok }) => !ok)
      ? ['the value is kept and in use; what was out of reach could not be asked about it']
      : []),
    ...(verified === true ? ['verified: every server that uses it answered with it'] : []),
  ].join('\n');
}

/** What it came to; the steps have been told before. */
export function rotatedText(rotated: RotatedSecret, inside: string): string {
  const { name, version, previous_version: before, verified, old_refused: oldRefused, servers } = rotated;
  if (!rotated.rotated)
    return `${name} was not rotated: version ${version} stays in use, and the new value is thrown away\nmake another one at its service, then: mcpgate-broker secret rotate ${name}${inside}`;
  const known = {
    true: 'verified',
    false: 'not every server works with it',
    null: servers.length === 0 ? 'not verified: no server uses it' : 'not verified: not every server has a probe',
  }[String(verified) as 'true' | 'false' | 'null'];
  const dead = {
    true: `every service refuses version ${before}`,
    false: `version ${before} still works: revoke it at its service, then: mcpgate-broker secret prove-dead ${name}${inside}`,
    null: `revoke version ${before} at its service, then: mcpgate-broker secret prove-dead ${name}${inside}`,
  }[String(oldRefused) as 'true' | 'false' | 'null'];
  return [
    `${name} is now version ${version} (${known}); ${dead}`,
    `where something is wrong: mcpgate-broker secret rollback ${name}${inside}`,
  ].join('\n');
}

export function provedText({ name, version, old_refused: refused, steps }: ProvedDead, inside: string): string {
  const told = {
    true: `version ${version} of ${name} is dead: every service refuses it`,
    false: `version ${version} of ${name} still works: revoke it at its service, then: mcpgate-broker secret prove-dead ${name} ${version}${inside}`,
    null: `whether version ${version} of ${name} still works is not known: revoke it at its service`,
  }[String(refused) as 'true' | 'false' | 'null'];
  return [...steps.map(stepLine), told].join('\n');
}

export function stepLine({ step, server, ok, verified, detail, next }: SecretStep): string {
  const sign = ok ? (verified === null && (step === 'probe' || step === 'prove-dead') ? '?' : '✓') : '✗';
  const where = server === null ? '' : `${server}: `;
  return `  ${sign} ${step}: ${plainLine(`${where}${detail}`)}${next === null ? '' : `\n    → ${plainLine(next)}`}`;
}
