// An authorization server from outside this project: npm's oidc-provider, set up as an MCP server wants it.
//
//   node issuer.mjs        prints {"issuer": "http://127.0.0.1:…", "key": a JWK} once it answers; ends when its standard input does
//
// Two servers may ask it about opaque tokens (RFC 7662): `todos`, by its secret, and `todos-with-a-key`, by `key`.
//
// Its login asks for any name. `POST /control` changes it while it runs:
//   {"alg": "RS256" | "ES256" | "EdDSA"}     what access tokens are signed with
//   {"format": "jwt" | "opaque"}, {"lifetime": seconds}
//   {"keys": "rotate" | "drop" | "same-kid"}  new keys beside the old ones; instead of them; or under their names
//
// A token is bound to a key where a proof of that key is beside the request for it (DPoP, RFC 9449); the proof needs a nonce.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import * as jose from 'jose';
import { Provider } from 'oidc-provider';
import { endWithParent } from './steps.mjs';

const SCOPES = ['todos.read', 'todos.write'];

/** What a client publishes instead of registering (Client ID Metadata Document). */
const CLIENT_METADATA_URL = 'https://client.example/oauth.json';
const CLIENT_METADATA = {
  client_id: CLIENT_METADATA_URL,
  client_name: 'interop (document)',
  redirect_uris: ['http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
  application_type: 'native',
};

const settings = { alg: 'RS256', format: 'jwt', lifetime: Number(process.env.LIFETIME ?? 300) };

/** Everything the provider stores. It outlives the provider, which is made anew for new keys. */
const stored = new Map();
class Adapter {
  constructor(model) { this.model = model; }
  #key(id) { return `${this.model}:${id}`; }
  async upsert(id, payload) { stored.set(this.#key(id), payload); }
  async find(id) { return stored.get(this.#key(id)); }
  async findByUid(uid) { return this.#first((payload) => payload.uid === uid); }
  async findByUserCode(code) { return this.#first((payload) => payload.userCode === code); }
  async consume(id) { stored.get(this.#key(id)).consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { stored.delete(this.#key(id)); }
  async revokeByGrantId(grantId) {
    for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
  }
  #first(matches) {
    for (const [key, payload] of stored) if (key.startsWith(`${this.model}:`) && matches(payload)) return payload;
    return undefined;
  }
}

let generation = 0;
async function newKeys() {
  const keys = [];
  for (const [alg, options] of [['RS256', { modulusLength: 2048 }], ['ES256', {}], ['EdDSA', { crv: 'Ed25519' }]]) {
    const { privateKey } = await jose.generateKeyPair(alg, { extractable: true, ...options });
    keys.push({ ...(await jose.exportJWK(privateKey)), use: 'sig', alg, kid: `${alg}-${generation}` });
  }
  return keys;
}
let keys = await newKeys();

/** The private key of the server that has one. */
const pair = await jose.generateKeyPair('ES256', { extractable: true });
const serverKey = { ...(await jose.exportJWK(pair.privateKey)), alg: 'ES256', kid: 'todos' };
const publicKey = { ...(await jose.exportJWK(pair.publicKey)), alg: 'ES256', kid: 'todos', use: 'sig' };

/** Nonces outlive the provider too. */
const nonceSecret = randomBytes(32);

async function control(change) {
  const { keys: how, ...others } = change;
  Object.assign(settings, others);
  if (!how) return;
  if (how !== 'same-kid') generation += 1;
  const made = await newKeys();
  keys = how === 'rotate' ? [...made, ...keys] : made;
  handler = provider().callback();
}

function provider() {
  return new Provider(issuer, {
    adapter: Adapter,
    jwks: { keys },
    cookies: { keys: ['a test signs its cookies with this'] },
    scopes: ['openid', 'offline_access', ...SCOPES],
    responseTypes: ['code'],
    pkce: { required: () => true },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    ttl: { ClientCredentials: () => settings.lifetime },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
    clients: [{
      client_id: 'robot',
      client_secret: 'the secret of a test',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    }, {
      client_id: 'todos',
      client_secret: 'the secret of a server: 100 %',
      grant_types: [],
      redirect_uris: [],
      response_types: [],
    }, {
      client_id: 'todos-with-a-key',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [publicKey] },
      grant_types: [],
      redirect_uris: [],
      response_types: [],
    }],
    // Clients register with the scope of the first 401. Pinned to it, as oidc-provider does unless told otherwise, they
    // could never step up.
    extraClientMetadata: {
      properties: ['unpinned'],
      validator: (context, _key, _value, metadata) => { if (context) delete metadata.scope; },
    },
    // The document of the one client that has one, without TLS and a name server.
    fetch: async (url) => String(url) === CLIENT_METADATA_URL
      ? Response.json(CLIENT_METADATA)
      : new Response('', { status: 404 }),
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      registration: { enabled: true },
      dPoP: { enabled: true, nonceSecret, requireNonce: () => true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      clientIdMetadataDocument: { enabled: true, ack: 'draft-02' },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_context, _client, oneOf) => oneOf,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => ({
          scope: SCOPES.join(' '),
          audience: resource,
          accessTokenTTL: settings.lifetime,
          accessTokenFormat: settings.format,
          ...(settings.format === 'jwt' && { jwt: { sign: { alg: settings.alg } } }),
        }),
      },
    },
  });
}

const server = createServer(async (request, response) => {
  console.error(`${request.method} ${request.url.split('?')[0]}`);
  if (request.url !== '/control') return handler(request, response);
  let body = '';
  for await (const part of request) body += part;
  await control(JSON.parse(body));
  response.end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
let handler = provider().callback();
console.log(JSON.stringify({ issuer, key: serverKey }));
endWithParent();
