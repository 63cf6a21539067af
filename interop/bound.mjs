// Tokens of issuer.mjs that are bound to a key (DPoP, RFC 9449): what a server takes with them, and what a thief can try.
//
//   node bound.mjs --url URL --allowed-url URL --issuer ISSUER
//
// The first server requires bound tokens of this issuer, the other one allows them. Nothing is forged: each proof is one that
// the TypeScript SDK made, for another purpose where it has to be refused. All of it goes over one connection, on which a good
// request came before.

import http from 'node:http';
import { DpopSession } from '@modelcontextprotocol/client';
import { challenge, claims, expect, option, Steps, Stopped } from './steps.mjs';

const url = option('url');
const allowedUrl = option('allowed-url');
const issuer = option('issuer');
const ROBOT = `Basic ${Buffer.from(`robot:${encodeURIComponent('the secret of a test')}`).toString('base64')}`;
const REVISIONS = ['2026-07-28', '2025-11-25'];

/** The client that the tokens are bound to, and a thief with a key of its own. */
const own = await DpopSession.create();
const thief = await DpopSession.create();

async function control(change) {
  const response = await fetch(`${issuer}/control`, { method: 'POST', body: JSON.stringify(change) });
  expect(response.ok, 'the issuer to change', response.status);
}

/** A token of client_credentials, bound to the key of `by`. */
async function token({ by = own, resource = url, scope = 'todos.read' } = {}) {
  const htu = `${issuer}/token`;
  for (let attempts = 0; attempts < 2; attempts += 1) {
    const response = await fetch(htu, {
      method: 'POST',
      headers: { Authorization: ROBOT, ...(by && { DPoP: await by.buildProof({ htm: 'POST', htu }) }) },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope, resource }),
    });
    by?.observeNonce(response, htu);
    const answer = await response.json();
    if (answer.error === 'use_dpop_nonce') continue;
    expect(response.ok && answer.token_type === (by ? 'DPoP' : 'Bearer'), `a ${by ? 'bound' : 'plain'} token`, answer);
    return answer.access_token;
  }
  throw new Error('the issuer asks for a nonce again and again');
}

async function opaque(options) {
  await control({ format: 'opaque' });
  const access = await token(options);
  await control({ format: 'jwt' });
  expect(!access.includes('.'), 'an opaque token', 'a JWT');
  return access;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const sockets = new Set();

/** One `tools/call`, or `initialize` before 2026-07-28, with these headers; `at` any server. */
function send({ at = url, tool = 'list_todos', revision = '2026-07-28', ...headers }) {
  const stateless = revision === '2026-07-28';
  const _meta = { 'io.modelcontextprotocol/protocolVersion': revision, 'io.modelcontextprotocol/clientCapabilities': {} };
  const args = tool === 'add_todo' ? { title: 'a todo' } : {};
  const message = stateless
    ? { method: 'tools/call', params: { name: tool, arguments: args, _meta } }
    : { method: 'initialize', params: { protocolVersion: revision, capabilities: {}, clientInfo: { name: 'interop', version: '1' } } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, ...message });
  return new Promise((resolve, reject) => {
    const request = http.request(at, {
      method: 'POST',
      agent,
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        Accept: 'application/json, text/event-stream',
        'MCP-Protocol-Version': revision,
        ...(stateless && { 'Mcp-Method': 'tools/call', 'Mcp-Name': tool }),
        ...headers,
      },
    }, (response) => {
      if (at === url) sockets.add(response.socket.localPort);
      const nonce = response.headers['dpop-nonce'];
      if (nonce) for (const session of [own, thief]) session.rememberNonce(at, nonce);
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve({
        status: response.statusCode,
        bearer: challenge(response.headers['www-authenticate']),
        dpop: challenge(response.headers['www-authenticate'], 'DPoP'),
        nonce,
        body: text,
      }));
    });
    request.on('error', reject).end(body);
  });
}

const good = (access, at = url, by = own) => by.buildProof({ htm: 'POST', htu: at, accessToken: access });

async function taken(headers, tool) {
  const answer = await send({ tool, ...headers });
  expect(answer.status === 200 && answer.body.includes('"result"'), '200', answer);
}

/** 401 with this error, and no tool that ran. */
async function refused(error, headers) {
  const answer = await send(headers);
  expect(answer.status === 401 && answer.dpop?.error === error, `401 ${error} in a DPoP challenge`, answer);
  expect(!answer.body.includes('"result"'), 'no result', answer.body);
  return answer;
}

const steps = new Steps();
try {
  let access;
  await steps.step('a token is bound to the key of its client', async () => {
    access = await token();
    expect(claims(access).cnf?.jkt === own.thumbprint, `cnf.jkt ${own.thumbprint}`, claims(access).cnf);
    // A first answer brings the server's nonce.
    expect((await send({})).nonce, 'a nonce', 'none');
  });
  const dpop = { get Authorization() { return `DPoP ${access}`; } };
  for (const revision of REVISIONS) {
    await steps.step(`with its proof it is taken, ${revision}`, async () => taken({ ...dpop, DPoP: await good(access), revision }));
  }
  const hostile = [
    ['as Bearer it is refused', 'invalid_token', async () => ({ Authorization: `Bearer ${access}` })],
    ['as Bearer beside its proof it is refused', 'invalid_token', async () => ({ Authorization: `Bearer ${access}`, DPoP: await good(access) })],
    ['without a proof it is refused', 'invalid_dpop_proof', async () => dpop],
    ["with another key's proof it is refused", 'invalid_dpop_proof', async () => ({ ...dpop, DPoP: await good(access, url, thief) })],
    ['with the proof for another token it is refused', 'invalid_dpop_proof', async () => ({ ...dpop, DPoP: await good(await token()) })],
    ['with a proof for no token it is refused', 'invalid_dpop_proof', async () => ({ ...dpop, DPoP: await own.buildProof({ htm: 'POST', htu: url }) })],
    ['with the proof for another server it is refused', 'invalid_dpop_proof', async () => ({ ...dpop, DPoP: await good(access, allowedUrl) })],
    ["with the proof for the issuer's token endpoint it is refused", 'invalid_dpop_proof', async () => ({ ...dpop, DPoP: await good(access, `${issuer}/token`) })],
    ['with the proof for a GET it is refused', 'invalid_dpop_proof', async () => ({ ...dpop, DPoP: await own.buildProof({ htm: 'GET', htu: url, accessToken: access }) })],
    ['with two proofs it is refused', 'invalid_dpop_proof', async () => ({ ...dpop, DPoP: [await good(access), await good(access)] })],
    ["with the issuer's nonce it is refused", 'use_dpop_nonce', async () => ({
      ...dpop,
      DPoP: await own.buildProof({ htm: 'POST', htu: url, accessToken: access, nonce: own.nonceFor(issuer) }),
    })],
    ["a thief's own token with the client's proof is refused", 'invalid_dpop_proof', async () => {
      const stolen = await token({ by: thief });
      return { Authorization: `DPoP ${stolen}`, DPoP: await good(stolen) };
    }],
    ['a token for another server is refused with its proof', 'invalid_token', async () => {
      const other = await token({ resource: allowedUrl });
      return { Authorization: `DPoP ${other}`, DPoP: await good(other) };
    }],
  ];
  for (const [what, error, headers] of hostile) {
    await steps.step(what, async () => {
      for (const revision of REVISIONS) await refused(error, { ...(await headers()), revision });
    });
  }
  await steps.step('a proof is taken once, and refused when it comes again', async () => {
    const proof = await good(access);
    await taken({ ...dpop, DPoP: proof });
    await refused('invalid_dpop_proof', { ...dpop, DPoP: proof });
  });
  await steps.step('a proof without a nonce is refused with one, which is then taken', async () => {
    const without = await new DpopSession(own.keyPair).buildProof({ htm: 'POST', htu: url, accessToken: access });
    const { nonce } = await refused('use_dpop_nonce', { ...dpop, DPoP: without });
    await taken({ ...dpop, DPoP: await own.buildProof({ htm: 'POST', htu: url, accessToken: access, nonce }) });
  });
  await steps.step('todos.read may not write, in a DPoP challenge', async () => {
    const answer = await send({ ...dpop, DPoP: await good(access), tool: 'add_todo' });
    expect(answer.status === 403 && answer.dpop?.error === 'insufficient_scope', '403 insufficient_scope', answer);
  });
  await steps.step('an opaque bound token is taken with its proof', async () => {
    const sealed = await opaque();
    await taken({ Authorization: `DPoP ${sealed}`, DPoP: await good(sealed) });
  });
  await steps.step("an opaque bound token is refused as Bearer, and with another key's proof", async () => {
    const sealed = await opaque();
    await refused('invalid_token', { Authorization: `Bearer ${sealed}` });
    await refused('invalid_dpop_proof', { Authorization: `DPoP ${sealed}`, DPoP: await good(sealed, url, thief) });
  });
  await steps.step('where bound tokens are required, a plain one is refused', async () => {
    const plain = await token({ by: null });
    await refused('invalid_token', { Authorization: `Bearer ${plain}` });
    await refused('invalid_token', { Authorization: `DPoP ${plain}`, DPoP: await good(plain) });
  });
  await steps.step('where they are allowed, a plain one is taken as Bearer alone', async () => {
    const plain = await token({ by: null, resource: allowedUrl });
    await send({ at: allowedUrl });
    await taken({ at: allowedUrl, Authorization: `Bearer ${plain}` });
    await refused('invalid_token', { at: allowedUrl, Authorization: `DPoP ${plain}`, DPoP: await good(plain, allowedUrl) });
  });
  await steps.step('where they are allowed, a bound one is taken with its proof, and refused as Bearer', async () => {
    const bound = await token({ resource: allowedUrl });
    await taken({ at: allowedUrl, Authorization: `DPoP ${bound}`, DPoP: await good(bound, allowedUrl) });
    await refused('invalid_token', { at: allowedUrl, Authorization: `Bearer ${bound}` });
  });
  await steps.step('all of this went over one connection, which still serves', async () => {
    await taken({ ...dpop, DPoP: await good(access) });
    expect(sockets.size === 1, 'one connection', sockets.size);
  });
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
} finally {
  agent.destroy();
}
