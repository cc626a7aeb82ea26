import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTomlFormat } from './toml-format.ts';

const FILE = '/home/ada/.codex/config.toml';
const ENTRY = { command: '/home/ada/bin/mcpgate', args: ['serve'] };
const format = createTomlFormat(['mcp_servers', 'mcpgate']);

const TABLE = '[mcp_servers.mcpgate]\ncommand = "/home/ada/bin/mcpgate"\nargs = ["serve"]\n';

describe('the entry in a TOML file', () => {
  for (const [name, text] of Object.entries({
    'an empty file': '',
    'no line end at the end': 'model = "o3"',
    'tables after each other':
      '# top\nmodel = "o3"\n\n[mcp_servers.a]\ncommand = "x" # y\n\n[projects."/p"]\ntrust_level = "trusted"\n',
    'Windows line ends': 'model = "o3"\r\n[a]\r\nb = 1\r\n',
    'a string that looks like a table': 'notes = """\n[mcp_servers.mcpgate]\n"""\n',
  })) {
    it(`is appended to ${name}, and cut out again byte for byte`, () => {
      const added = format.put(text, FILE, ENTRY);
      assert.deepEqual(format.read(added.text, FILE), ENTRY);
      assert.ok(added.text.startsWith(text));
      assert.equal(format.put(added.text, FILE, ENTRY).text, added.text);
      assert.equal(format.remove(added.text, FILE, added.undo), text);
    });
  }

  it('is brought up to date in place, and keeps what the person added to it', () => {
    const old =
      '[mcp_servers.mcpgate] # ours\ncommand = "/old/mcpgate"\nargs = [\n  "serve",\n]\nstartup_timeout_sec = 20\n\n[mcp_servers.mcpgate.env]\nA = "1"\n\n# b\n[b]\nc = 1\n';
    assert.equal(format.put(old, FILE, ENTRY).text, old.replace('/old/mcpgate', ENTRY.command));
    assert.equal(format.remove(old, FILE, null), '\n# b\n[b]\nc = 1\n');
    assert.equal(format.remove(`${TABLE}# the end\n`, FILE, null), '# the end\n');
    const short = '[mcp_servers.mcpgate]\ncommand = "/old"\n';
    assert.deepEqual(format.read(format.put(short, FILE, ENTRY).text, FILE), ENTRY);
  });

  it('is replaced where it connects to a URL', () => {
    assert.equal(format.put('[mcp_servers.mcpgate]\nurl = "https://x"\n', FILE, ENTRY).text, TABLE);
  });

  it('is found by a quoted name', () => {
    assert.equal(format.remove('[mcp_servers."mcpgate"]\ncommand = "x"\n', FILE, null), '');
  });

  for (const [name, text, message] of [
    ['a syntax error', 'a = 1\nb = = 2\n', /config\.toml is not valid TOML at line 2.*nothing was changed/s],
    ['an inline table', 'mcp_servers = { mcpgate = { command = "x", args = [] } }\n', /cannot be edited safely/],
    ['a list of servers', 'mcp_servers = []\n', /something else than a table/],
  ] as const) {
    it(`is not put into a file with ${name}`, () => {
      assert.throws(() => format.put(text, FILE, ENTRY), message);
    });
  }
});
