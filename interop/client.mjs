// The official TypeScript SDK's client through the complete flow, each step checked on the wire.
//
//   node client.mjs --url URL --revision 2026-07-28|2025-11-25 --registration dcr|cimd|known --skew SECONDS [--tokens bearer|dpop] [--challenges Bearer|DPoP] [--login here|elsewhere]
//
// `known` is a client that the authorization server knows already, with the secret in INTEROP_SECRET.
// `--skew` is how long after `exp` the server still takes a token: the refresh is waited for, not pretended. `--tokens dpop`
// gives the SDK a key: it then has its tokens bound to it, and sends a proof with each request (RFC 9449), all by itself. `--challenges`
// is the scheme in which the server refuses, where that is another one: the built-in issuer binds what a client wants to have bound.
// `--login elsewhere`: people log in at another provider, and decide before that; at the end they take back what they allowed.

import { Client, DpopSession, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { Person } from './person.mjs';
import { challenge, claims, expect, option, sleep, Steps, Stopped } from './steps.mjs';

/** The Client ID Metadata Document that issuer.mjs and outside.py know. */
const CLIENT_METADATA_URL = 'https://client.example/oauth.json';

const url = new URL(option('url'));
const revision = option('revision');
const registration = option('registration');
const byDocument = registration === 'cimd';
/** What the client was told of itself beforehand. */
const known = registration === 'known'
  ? { client_id: 'known', client_secret: process.env.INTEROP_SECRET, token_endpoint_auth_method: 'client_secret_basic' }
  : undefined;
const skew = Number(option('skew'));
const elsewhere = option('login', 'here') === 'elsewhere';
/** The pages of the first login: where it is elsewhere the person decides first, logs in there, and is named before they decide once more. */
const firstPages = elsewhere ? 'decide,login,consent,consent' : 'login,consent';
/** The scheme in which tokens are presented, and the one in which they are refused. */
const scheme = { bearer: 'Bearer', dpop: 'DPoP' }[option('tokens', 'bearer')];
const refusing = option('challenges', scheme);
const key = scheme === 'DPoP' ? await DpopSession.create() : undefined;

/** Every exchange, oldest first. Tokens are in it; it is never printed as it is. */
const wire = [];
const traced = async (input, init) => {
  const response = await fetch(input, init);
  const body = String(init?.body ?? '');
  const json = body.startsWith('{') ? JSON.parse(body) : undefined;
  const answered = response.headers.get('content-type')?.startsWith('application/json') ? await response.clone().json() : undefined;
  const entry = {
    method: init?.method ?? 'GET',
    url: String(input),
    authorization: new Headers(init?.headers).get('authorization')?.split(' ')[0],
    proof: new Headers(init?.headers).get('dpop'),
    rpc: json?.method,
    json,
    form: json ? undefined : new URLSearchParams(body),
    status: response.status,
    challenge: challenge(response.headers.get('www-authenticate'), refusing),
    answered,
  };
  wire.push(entry);
  console.error(`${entry.method} ${entry.url} ${entry.rpc ?? entry.form?.get('grant_type') ?? ''} -> ${entry.status} ${response.headers.get('www-authenticate') ?? ''}`);
  return response;
};
const toServer = (entry) => entry.url === url.href;
const brief = (entry) => entry && `${entry.method} ${entry.url} -> ${entry.status} ${JSON.stringify(entry.challenge)}`;

/** Insists that the issuer bound a token to our key. */
const bound = (token) => expect(claims(token).cnf?.jkt === key.thumbprint, 'a token that is bound to our key', claims(token).cnf);

/** Where the browser is sent back to. Nothing listens there: the person hands the URL over. */
const redirectUrl = 'http://127.0.0.1:33418/callback';

class Provider {
  person = new Person();
  logins = [];
  #client = known;
  #tokens;
  #verifier;
  #discovery;
  #state;
  clientMetadataUrl = byDocument ? CLIENT_METADATA_URL : undefined;
  dpop = key && (() => key);

  get redirectUrl() { return redirectUrl; }
  get clientMetadata() {
    return {
      client_name: 'interop (TypeScript)',
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      ...(key && { dpop_bound_access_tokens: true }),
    };
  }
  state() { return (this.#state = crypto.randomUUID()); }
  clientInformation() { return this.#client; }
  saveClientInformation(client) { this.#client = client; }
  tokens() { return this.#tokens; }
  saveTokens(tokens) { this.#tokens = tokens; }
  saveCodeVerifier(verifier) { this.#verifier = verifier; }
  codeVerifier() { return this.#verifier; }
  saveDiscoveryState(discovery) { this.#discovery = discovery; }
  discoveryState() { return this.#discovery; }
  async redirectToAuthorization(authorization) {
    const asked = authorization.searchParams;
    const { url: back, pages } = await this.person.follow(authorization.href, redirectUrl);
    const answer = new URL(back).searchParams;
    expect(answer.get('state') === this.#state, 'the state that was sent', answer.get('state'));
    this.logins.push({ asked, answer, pages });
  }
}

const provider = new Provider();
const transport = () => new StreamableHTTPClientTransport(url, { authProvider: provider, fetch: traced });
const client = new Client(
  { name: 'interop', version: '1.0.0' },
  revision === '2025-11-25' ? {} : { versionNegotiation: { mode: { pin: revision } } },
);
let connection = transport();
const steps = new Steps();

try {
  await steps.step('401', async () => {
    // The SDK runs the rest of the login inside of this call; what it did is looked at step by step below.
    const refused = await client.connect(connection).then(() => undefined, (error) => error);
    const first = wire.find(toServer);
    expect(first?.status === 401 && !first.authorization, '401 for the first message', brief(first));
    expect(first.challenge?.resource_metadata && first.challenge.scope === 'todos.read', `a ${refusing} challenge with resource_metadata and the scope todos.read`, brief(first));
    expect(!first.challenge.error, 'no error where no token was sent', brief(first));
    expect(refused instanceof UnauthorizedError, 'the client to ask for a login', refused?.stack ?? 'a connection');
    return `${first.rpc}: ${first.challenge.scope}`;
  });
  const issuer = await steps.step('metadata', () => {
    const resource = wire.find((entry) => entry.url.includes('/.well-known/oauth-protected-resource'));
    expect(resource?.status === 200 && resource.answered.resource === url.href, `metadata of the resource ${url.href}`, brief(resource));
    const [issuer] = resource.answered.authorization_servers;
    const server = wire.find((entry) => entry.answered?.token_endpoint);
    expect(server?.answered.issuer === issuer, `metadata of the issuer ${issuer}`, brief(server));
    return issuer;
  });
  const login = provider.logins[0];
  await steps.step('registration', () => {
    const id = login?.asked.get('client_id');
    const registered = wire.filter((entry) => entry.answered?.client_id);
    if (byDocument || known) {
      const expected = known?.client_id ?? CLIENT_METADATA_URL;
      expect(id === expected && registered.length === 0, `${expected} as client_id, no registration`, id);
    } else {
      expect(registered.length === 1 && registered[0].status === 201 && registered[0].answered.client_id === id, 'one registration', registered.map(brief));
    }
  });
  await steps.step('consent', () => {
    const { asked, answer, pages } = login;
    expect(asked.get('code_challenge_method') === 'S256' && asked.get('code_challenge'), 'PKCE with S256', asked.get('code_challenge_method'));
    expect(asked.get('resource') === url.href, `the resource indicator ${url.href}`, asked.get('resource'));
    expect(pages.join() === firstPages, `the pages ${firstPages}`, pages);
    expect(answer.get('code') && answer.get('iss') === issuer, `a code, and iss ${issuer} (RFC 9207)`, [...answer.keys()]);
  });
  await steps.step('token', async () => {
    await connection.finishAuth(login.answer);
    const exchange = wire.findLast((entry) => entry.form?.get('grant_type') === 'authorization_code');
    expect(exchange?.status === 200, '200 from the token endpoint', brief(exchange));
    expect(exchange.form.get('resource') === url.href && exchange.form.get('code_verifier'), 'resource and code_verifier in the request', [...exchange.form.keys()]);
    expect(exchange.authorization === (known && 'Basic'), known ? 'the secret as Basic' : 'no secret', exchange.authorization);
    const { token_type, scope, refresh_token, access_token } = exchange.answered;
    expect(token_type.toLowerCase() === scheme.toLowerCase() && refresh_token, `a ${scheme} token and a refresh token`, token_type);
    if (key) bound(access_token);
    expect(scope.split(' ').includes('todos.read') && !scope.split(' ').includes('todos.write'), 'todos.read and not todos.write', scope);
    connection = transport();
    await client.connect(connection);
    const spoken = client.getNegotiatedProtocolVersion();
    expect(spoken === revision, `revision ${revision}`, spoken);
    return `${scope}; ${spoken}`;
  });
  await steps.step('list', async () => {
    const { tools } = await client.listTools();
    const names = tools.map((tool) => tool.name).sort().join(' ');
    expect(names === 'add_todo complete_todo delete_todo list_todos ping', 'the five tools', names);
  });
  const list = async () => {
    const { structuredContent, isError } = await client.callTool({ name: 'list_todos', arguments: {} });
    expect(!isError && Array.isArray(structuredContent?.todos), 'a list of todos', structuredContent);
    return structuredContent.todos.map((todo) => todo.title);
  };
  await steps.step('call', async () => {
    const { length } = await list();
    const called = wire.findLast(toServer);
    expect(called.authorization === scheme, `the scheme ${scheme}`, called.authorization);
    expect(Boolean(called.proof) === Boolean(key), key ? 'a proof' : 'no proof', called.proof);
    const sent = wire.filter((entry) => entry.proof).map((entry) => entry.proof);
    expect(new Set(sent).size === sent.length, 'another proof each time', 'one that came twice');
    return `${length} todos`;
  });
  const title = `bought by ${crypto.randomUUID()}`;
  const add = () => client.callTool({ name: 'add_todo', arguments: { title } });
  await steps.step('403', async () => {
    const refused = await add().then(() => undefined, (error) => error);
    expect(refused instanceof UnauthorizedError, 'the client to step up', refused?.stack ?? 'a result');
    const denied = wire.findLast((entry) => toServer(entry) && entry.rpc === 'tools/call');
    expect(denied.status === 403 && denied.challenge?.error === 'insufficient_scope', '403 insufficient_scope', brief(denied));
    expect(denied.challenge.scope === 'todos.read todos.write', 'both scopes in the challenge', denied.challenge.scope);
    expect(denied.challenge.resource_metadata, 'resource_metadata in the challenge', brief(denied));
    return denied.challenge.scope;
  });
  await steps.step('step-up', async () => {
    expect(provider.logins.length === 2, 'a second authorization', provider.logins.length);
    const { asked, answer, pages } = provider.logins[1];
    expect(asked.get('scope').split(' ').includes('todos.write'), 'todos.write to be asked for', asked.get('scope'));
    expect(pages.at(-1) === 'consent', 'a consent page', pages);
    await connection.finishAuth(answer);
    const { scope } = provider.tokens();
    expect(scope.split(' ').includes('todos.write'), 'todos.write', scope);
    return scope;
  });
  await steps.step('call again', async () => {
    const { structuredContent } = await add();
    expect(structuredContent?.title === title, 'the todo that was added', structuredContent);
  });
  await steps.step('refresh', async () => {
    const before = provider.tokens();
    const left = (claims(before.access_token).exp + skew) * 1000 - Date.now();
    await sleep(Math.max(0, left) + 1500);
    expect((await list()).includes(title), 'the todo that was added', 'a list without it');
    const refreshed = wire.findLast((entry) => entry.form?.get('grant_type') === 'refresh_token');
    expect(refreshed?.status === 200, '200 for grant_type=refresh_token', brief(refreshed) ?? 'no such request');
    expect(provider.tokens().access_token !== before.access_token, 'a new access token', 'the old one');
    if (key) bound(provider.tokens().access_token);
    expect(provider.logins.length === 2, 'no further login', provider.logins.length);
    return `after ${Math.round(left / 1000)} s`;
  });
  if (elsewhere) {
    const ended = { id: provider.clientInformation().client_id, ...provider.tokens() };
    await steps.step('taken back', () => provider.person.end(url.origin, ended.id));
    await steps.step('refused', async () => {
      const ask = { method: 'POST', headers: { Authorization: `Bearer ${ended.access_token}`, 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' }, body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' };
      const called = await fetch(url, ask);
      expect(called.status === 401 && challenge(called.headers.get('www-authenticate'))?.error === 'invalid_token', '401 invalid_token', called.status);
      const fields = { grant_type: 'refresh_token', refresh_token: ended.refresh_token, client_id: ended.id };
      const headers = known && { Authorization: `Basic ${btoa(`${encodeURIComponent(known.client_id)}:${encodeURIComponent(known.client_secret)}`)}` };
      if (known) delete fields.client_id;
      const refreshed = await fetch(`${url.origin}/token`, { method: 'POST', headers, body: new URLSearchParams(fields) });
      const { error } = await refreshed.json();
      expect(refreshed.status === 400 && error === 'invalid_grant', '400 invalid_grant', `${refreshed.status} ${error}`);
    });
  }
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
} finally {
  await client.close().catch(() => {});
}
