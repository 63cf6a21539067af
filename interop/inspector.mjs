// MCP Inspector's command line against a server: refused without a token, logged in once, then with the stored token.
//
//   node inspector.mjs --url URL --storage DIRECTORY --era legacy|modern --registration dcr|cimd|known
//
// `known` is a client that the authorization server knows already, with the secret in INTEROP_SECRET.
// The directory is Inspector's memory; it has to be empty. A stale token there would make the first step lie.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Person } from './person.mjs';
import { expect, option, Steps, Stopped } from './steps.mjs';

const url = option('url');
const storage = option('storage');
const era = option('era');
/** Who Inspector is to the authorization server. */
const client = {
  dcr: [],
  cimd: ['--client-metadata-url', 'https://client.example/oauth.json'],
  known: ['--client-id', 'known', '--client-secret', process.env.INTEROP_SECRET],
}[option('registration')];

const manifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/inspector/package.json');
const program = path.join(path.dirname(manifest), 'clients/launcher/build/index.js');

/** A desktop on which Inspector could open a real browser: the person here is a scripted one. */
const DESKTOP = ['DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS'];

/** Runs the command line; `seeing` gets everything it has printed so far, whenever there is more. */
function inspector(words, { seeing, ...environment } = {}) {
  const env = { ...process.env, MCP_STORAGE_DIR: storage, HOME: storage, MCP_INSPECTOR_SECRET_STORE: 'file', ...environment };
  for (const name of DESKTOP) delete env[name];
  const common = ['--cli', '--server-url', url, '--transport', 'http', '--protocol-era', era, ...client];
  const child = spawn(process.execPath, [program, ...common, ...words], { env, stdio: ['pipe', 'pipe', 'pipe'], timeout: 40_000 });
  // It asks whether to step up.
  child.stdin.on('error', () => {}).end('y\n');
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (text) => {
      said[stream] += text;
      seeing?.(said.stdout + said.stderr);
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, ...said }));
  });
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs the command line beside a person who logs in and allows, and whether they were asked. */
async function withPerson(words) {
  const redirectUri = `http://127.0.0.1:${await freePort()}/oauth/callback`;
  let login;
  const said = await inspector([...words, '--callback-url', redirectUri], {
    MCP_AUTO_OPEN_ENABLED: 'true',
    seeing: (text) => {
      const asked = text.match(/http\S+response_type=code\S*(?=\s)/);
      if (!asked || login) return;
      login = new Person().follow(asked[0], redirectUri).then(async ({ url: back, pages }) => {
        const answer = await fetch(back);
        expect(answer.ok && pages.join() === 'login,consent', 'the callback, after a login and a consent page', pages);
      });
      login.catch(() => {});
    },
  });
  await login;
  return { said, asked: login !== undefined };
}

/** What it printed, for an error: an authorization code must not be in it. */
const shown = ({ code, stdout, stderr }) => `exit code ${code}\n${stdout}${stderr}`.replace(/code=[^&\s]+/g, 'code=…');

function tools(said) {
  expect(said.code === 0, 'exit code 0', shown(said));
  return JSON.parse(said.stdout).tools.map((tool) => tool.name).sort().join(' ');
}

const STORED = '--stored-auth-only';
const TOOLS = 'add_todo complete_todo delete_todo list_todos ping';
const steps = new Steps();
try {
  await steps.step('refused', async () => {
    const said = await inspector(['--method', 'tools/list', STORED]);
    expect(said.code === 3 && said.stderr.includes('auth_required'), 'exit code 3, auth_required', shown(said));
  });
  await steps.step('login', async () => {
    const { said, asked } = await withPerson(['--method', 'tools/list']);
    expect(asked, 'an authorization URL', shown(said));
    expect(tools(said) === TOOLS, 'the five tools', shown(said));
  });
  await steps.step('tools/list', async () => {
    const said = await inspector(['--method', 'tools/list', STORED]);
    expect(tools(said) === TOOLS, 'the five tools', shown(said));
  });
  await steps.step('tools/call', async () => {
    const title = `bought by ${crypto.randomUUID()}`;
    // Inspector asks for this scope now, unless it had asked for all there are.
    const { said: added, asked } = await withPerson(['--method', 'tools/call', '--tool-name', 'add_todo', '--tool-arg', `title=${title}`]);
    expect(added.code === 0 && JSON.parse(added.stdout).structuredContent?.title === title, 'the todo that was added', shown(added));
    const listed = await inspector(['--method', 'tools/call', '--tool-name', 'list_todos', STORED]);
    expect(listed.code === 0 && listed.stdout.includes(title), 'a list with the todo', shown(listed));
    return asked ? 'after a step-up' : '';
  });
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
}
