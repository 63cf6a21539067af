// What a server at which people log in elsewhere must not do, each step with its allow twin: a client that nobody registered, and people who say no, come back
// as somebody else, or follow the link of another browser.
//
//   node bridged.mjs --url URL --provider ISSUER

import { createHash, randomBytes } from 'node:crypto';
import { Person } from './person.mjs';
import { expect, option, Steps, Stopped } from './steps.mjs';

const url = new URL(option('url'));
const provider = option('provider');
const REDIRECT = 'http://127.0.0.1:33419/callback';

const json = async (response) => ({ status: response.status, body: await response.json().catch(() => ({})) });
const form = (to, fields) => fetch(to, { method: 'POST', body: new URLSearchParams(fields) }).then(json);
/** How often the authorization endpoint of the provider was asked. */
const sent = async () => (await json(await fetch(`${provider}/control`))).body['/auth'] ?? 0;

/** A client that registers, and its authorization requests. */
async function registered(name) {
  const metadata = { client_name: name, redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none', application_type: 'native' };
  const { status, body } = await json(await fetch(`${url.origin}/register`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(metadata),
  }));
  expect(status === 201, 'a client', status);
  return body.client_id;
}
function request(client, more = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const asked = new URLSearchParams({
    response_type: 'code', client_id: client, redirect_uri: REDIRECT, resource: url.href, scope: 'todos.read', state: 's',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256', ...more,
  });
  return { href: `${url.origin}/authorize?${asked}`, verifier };
}
const answer = (back) => Object.fromEntries(new URL(back).searchParams);
const redeem = (client, { code }, verifier) => form(`${url.origin}/token`, {
  grant_type: 'authorization_code', client_id: client, code, code_verifier: verifier, redirect_uri: REDIRECT, resource: url.href,
});
const FIRST = ['decide', 'login', 'consent', 'consent'];
const is = (pages, expected) => expect(pages.join() === expected.join(), `the pages ${expected}`, pages);

const steps = new Steps();
try {
  const client = await registered('interop (bridged)');
  const alice = new Person();
  await steps.step('the provider registers no client', async () => {
    const metadata = await json(await fetch(`${provider}/.well-known/openid-configuration`));
    expect(metadata.status === 200 && !metadata.body.registration_endpoint, 'no registration_endpoint', metadata.body.registration_endpoint);
    const { status } = await json(await fetch(`${provider}/reg`, { method: 'POST', body: '{}' }));
    expect(status === 404, '404', status);
  });
  await steps.step('a link alone leads nowhere, and no is told to the client', async () => {
    const before = await sent();
    const { url: back, pages } = await new Person({ presses: { decide: 'Deny' } }).follow(request(client).href, REDIRECT);
    is(pages, ['decide']);
    expect(answer(back).error === 'access_denied' && !answer(back).code, 'access_denied', answer(back));
    expect(await sent() === before, 'nothing to be asked of the provider', await sent());
  });
  await steps.step('who is not known is named after the login, and allows it', async () => {
    const asked = request(client);
    const { url: back, pages, texts } = await alice.follow(asked.href, REDIRECT);
    is(pages, FIRST);
    expect(texts.at(-1).includes('You are alice'), 'the name of the person', texts.at(-1));
    const token = await redeem(client, answer(back), asked.verifier);
    expect(token.status === 200, 'a token', token);
  });
  await steps.step('the same person gets the code at once', async () => {
    const { url: back, pages } = await alice.follow(request(client, { prompt: 'login' }).href, REDIRECT);
    is(pages, ['decide', 'login']);
    expect(answer(back).code, 'a code', answer(back));
  });
  await steps.step('a person whom the provider knows is asked about another client', async () => {
    const before = await sent();
    const other = await registered('interop (another)');
    const again = new Person({ cookies: alice, without: 'mcp-auth-' });
    const { pages } = await again.follow(request(other).href, REDIRECT);
    // The provider asks nothing: it knows her.
    is(pages, ['decide', 'consent']);
    expect(await sent() > before, 'the provider to be asked after the page', await sent());
  });
  await steps.step('another person is named and asked again', async () => {
    const bob = new Person({ cookies: alice, name: 'bob' });
    const { url: back, pages, texts } = await bob.follow(request(client, { prompt: 'login' }).href, REDIRECT);
    expect(pages.at(-1) === 'consent' && pages[0] === 'decide', 'a page after the login', pages);
    expect(texts.at(-1).includes('You are bob') && texts.at(-1).includes('Somebody else came back'), 'the name of the other', texts.at(-1));
    expect(answer(back).code, 'a code after it', answer(back));
  });
  await steps.step('GHSA-rww4-4w9c-7733: the link of another browser gives no code', async () => {
    const attacker = new Person();
    const link = await attacker.until(request(client).href, (to) => to.startsWith(provider));
    const victim = new Person({ cookies: alice });
    const refused = await victim.follow(link, REDIRECT).then((back) => back, (error) => error);
    expect(refused instanceof Error && refused.message.startsWith('400'), 'an error page with 400', refused.message ?? refused);
  });
  await steps.step('a state that was used or made up gives no code', async () => {
    const person = new Person({ cookies: alice });
    let back;
    await person.follow(request(client, { prompt: 'login' }).href, REDIRECT, (to) => {
      if (to.startsWith(`${url.origin}/authorize/login/`)) back = to;
    });
    for (const to of [back, back.replace(/state=[^&]*/, `state=${randomBytes(32).toString('base64url')}`), back.replace(/&?state=[^&]*/, '')]) {
      const refused = await person.follow(to, REDIRECT).then((end) => end, (error) => error);
      expect(refused instanceof Error && refused.message.startsWith('400'), 'an error page with 400', refused.message ?? refused);
    }
  });
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
}
