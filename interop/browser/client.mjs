// An OAuth client with a callback of its own: registers, makes authorization URLs, redeems codes, calls tools.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

const REVISION = '2026-07-28';

/** Listens on a free port of this computer; `next()` gives the parameters of the next request to `/callback`. */
export async function listen() {
  const arrived = [];
  const waiting = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://callback');
    if (url.pathname === '/callback') {
      const answer = Object.fromEntries(url.searchParams);
      const waiter = waiting.shift();
      if (waiter) waiter(answer);
      else arrived.push(answer);
    }
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end('<!doctype html><html lang="en"><title>Back at the application</title><p>Back at the application.');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    uri: `${origin}/callback`,
    next: () =>
      new Promise((resolve, reject) => {
        if (arrived.length) return resolve(arrived.shift());
        waiting.push(resolve);
        setTimeout(() => reject(new Error('no answer came to the callback within 60 s')), 60_000).unref();
      }),
    forget: () => arrived.splice(0),
    close: () => server.close(),
  };
}

/** Registers (RFC 7591) and gives a client that asks for `scope`. */
export async function register(server, { name, redirectUris, scope, refresh = true }) {
  const response = await fetch(`${server}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: name,
      redirect_uris: redirectUris,
      token_endpoint_auth_method: 'none',
      grant_types: refresh ? ['authorization_code', 'refresh_token'] : ['authorization_code'],
    }),
  });
  assert.equal(response.status, 201, await response.clone().text());
  const { client_id: id } = await response.json();
  const verifier = randomBytes(32).toString('base64url');
  return { server, id, scope, redirectUri: redirectUris[0], verifier, state: randomBytes(8).toString('hex') };
}

/** The authorization URL, `change` replacing parameters. */
export function authorizationUrl(client, change = {}) {
  const parameters = {
    response_type: 'code',
    client_id: client.id,
    redirect_uri: client.redirectUri,
    resource: `${client.server}/mcp`,
    scope: client.scope,
    state: client.state,
    code_challenge: createHash('sha256').update(client.verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...change,
  };
  return `${client.server}/authorize?${new URLSearchParams(parameters)}`;
}

/** Redeems the code of `answer` and makes sure that the server accepts the token for `tool`. */
export async function useCode(client, answer, tool) {
  assert.equal(answer.error, undefined, JSON.stringify(answer));
  assert.equal(answer.state, client.state);
  assert.equal(answer.iss, client.server);
  const response = await fetch(`${client.server}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: client.id,
      redirect_uri: client.redirectUri,
      code: answer.code,
      code_verifier: client.verifier,
      resource: `${client.server}/mcp`,
    }),
  });
  assert.equal(response.status, 200, await response.clone().text());
  const { access_token: token, scope } = await response.json();
  assert.equal(scope, client.scope);
  assert.equal(await call(client.server, tool, token), 200, 'the server accepts the token');
  assert.equal(await call(client.server, tool, undefined), 401, 'and without it no caller');
}

/** The status of `tools/call`. */
async function call(server, name, token) {
  const response = await fetch(`${server}/mcp`, {
    method: 'POST',
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': REVISION,
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name,
        arguments: {},
        _meta: {
          'io.modelcontextprotocol/protocolVersion': REVISION,
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  });
  await response.arrayBuffer();
  return response.status;
}
