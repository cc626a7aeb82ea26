import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCanonicalPath, pathOf, withoutMcpSlash } from './canonical-path.ts';

test('each path has one spelling', () => {
  const good = [
    ...['/', '/mcp', '/mcp/github', '/oauth/register', '/login', '/v1/tunnel', '/consent/Ab_3-x', '/assets/style.css'],
    ...['/scim/v2/Users/4', '/api/v1/grants/My%20label', '/api/v1/grants/a%2Fb', '/api/v1/users/%C3%A4da'],
    ...['/.well-known/oauth-protected-resource/mcp'],
  ];
  for (const path of good) assert.ok(isCanonicalPath(path), path);
  const bad = [
    ...['', 'oauth/register', '//', '/oauth/register/', '//oauth/register', '/oauth//register', '/./oauth/register'],
    ...['/x/../oauth/register', '/oauth/register/.', '/oauth/%72egister', '/oauth/%2E%2E/x', '/oauth/register%20'],
    ...['/oauth/register;x', '/oauth/register;x=1', '/oauth\\register', '/oauth/register%5C', '/oauth/regi%C5%BFter'],
    ...[
      'http://mcp.example.com/oauth/register',
      '*',
      '/oauth/register#x',
      '/oauth/regi\u017fter',
      '/oauth/register%00',
    ],
    ...['/api/v1/users/%61da', '/api/v1/users/%2e', '/api/v1/users/%7E', `/${'x'.repeat(3_000)}`, '/mcp%2Fgithub'],
  ];
  for (const path of bad) assert.ok(!isCanonicalPath(path), path);
});

test('a query is no part of the path, and the address of an MCP server may end with a slash', () => {
  assert.equal(pathOf('/login?to=//x'), '/login');
  const target = '/.well-known/oauth-protected-resource/mcp';
  assert.equal(withoutMcpSlash('/mcp/?tools=search'), '/mcp?tools=search');
  assert.equal(withoutMcpSlash('/mcp/github/'), '/mcp/github');
  assert.equal(withoutMcpSlash(`${target}/`), target);
  for (const url of ['/mcp//', '/login/', '/mcp/a/b/', '/mcp', '/oauth/register/'])
    assert.equal(withoutMcpSlash(url), url);
});
