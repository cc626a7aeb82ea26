// Adds to a result the members that results have from 2026-07-28 on, where they are missing.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { ANSWER_META } from 'mcpgate-shared/mcp/protocol-version';

const SERVER_INFO_KEY = ANSWER_META.serverInfo;

/**
 * `resultText`: the result, JSON text. `serverInfoText`: `serverInfo`, JSON text. `isCacheable`: the method's results are CacheableResults; they
 * are marked as private, because they depend on the caller's rights, and as valid for no time, because the rules may change.
 */
export function modernResult(resultText: string, serverInfoText: string, isCacheable: boolean): string {
  const { start, members } = scanObject(resultText, 0, ['_meta']);
  const put: string[] = [];
  let text = resultText;
  const meta = findMember(members, '_meta');
  if (meta === undefined) put.push(`"_meta":{"${SERVER_INFO_KEY}":${serverInfoText}}`);
  else if (meta.inner !== undefined && findMember(meta.inner.members, SERVER_INFO_KEY) === undefined) {
    const comma = meta.inner.members.length === 0 ? '' : ',';
    const at = meta.inner.start + 1;
    text = `${text.slice(0, at)}"${SERVER_INFO_KEY}":${serverInfoText}${comma}${text.slice(at)}`;
  }
  const type = findMember(members, 'resultType');
  if (type === undefined) put.unshift('"resultType":"complete"');
  if (isCacheable && (type === undefined || resultText.slice(type.start, type.end) === '"complete"')) {
    text = withPrivateScope(text, put);
  }
  if (put.length === 0) return text;
  return `${text.slice(0, start + 1)}${put.join(',')}${members.length === 0 ? '' : ','}${text.slice(start + 1)}`;
}

/** Marks the result as private, even where the server said public: what a caller sees depends on the rules. */
function withPrivateScope(text: string, put: string[]): string {
  const { members } = scanObject(text);
  if (findMember(members, 'ttlMs') === undefined) put.push('"ttlMs":0');
  const scope = findMember(members, 'cacheScope');
  if (scope !== undefined) return `${text.slice(0, scope.start)}"private"${text.slice(scope.end)}`;
  put.push('"cacheScope":"private"');
  return text;
}
