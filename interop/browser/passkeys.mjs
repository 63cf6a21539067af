// Passkeys at the built-in issuer, with Chromium's virtual authenticators: `cargo xtask browser` starts the server and runs this.
// node passkeys.mjs <URL of todos with passkeys.toml> <chromium> <directory for screenshots> <link by which a person sets a password>…
import assert from 'node:assert/strict';

import { audit, enlarge } from './audit.mjs';
import { launch, open } from './browser.mjs';
import { authorizationUrl, listen, register, useCode } from './client.mjs';

const [, , todos, executable, directory, ...links] = process.argv;
// Passkeys are ES256 and EdDSA here; Chromium would have RS256 too, for authenticators of before 2020.
const WITHOUT_RSA = /^publicKey\.pubKeyCredParams is missing at least one of the default algorithm identifiers/;
const PASSWORD = 'a few words that nobody says';

const browser = await launch(executable);

const button = (page, name) => page.getByRole('button', { name, exact: true });
const heading = (page, name) => page.getByRole('heading', { name, exact: true }).waitFor();
const says = (page, text) => page.getByRole('alert').filter({ hasText: text }).waitFor();
const done = (page, text) => page.getByRole('status').filter({ hasText: text }).waitFor();

/** A device of its own: `setUserVerified(false)` is a finger that it does not know. One that verifies nobody is a plain security key. */
async function device(context, page, { verifies = true } = {}) {
  const session = await context.newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: verifies ? 'internal' : 'usb',
      hasResidentKey: verifies,
      hasUserVerification: verifies,
      isUserVerified: verifies,
      automaticPresenceSimulation: true,
    },
  });
  return {
    credentials: async () => (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    setUserVerified: (isUserVerified) => session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
  };
}

/** In a page: its browser is asked for less than the page asks. */
function asksLess() {
  const get = navigator.credentials.get.bind(navigator.credentials);
  navigator.credentials.get = ({ publicKey }) => get({ publicKey: { ...publicKey, userVerification: 'discouraged' } });
}

async function setPassword(page, link) {
  await page.goto(link);
  for (const field of await page.locator('input[type=password]').all()) await field.fill(PASSWORD);
  await page.locator('button.primary').click();
  await page.getByRole('heading', { level: 1 }).filter({ hasText: /password/i }).waitFor();
}

async function typePassword(page, name) {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(PASSWORD);
  await button(page, 'Log in').click();
}

/** Adds a passkey at the page of factors; the recovery codes that it shows, if any. */
async function addPasskey(page, name, look = async () => {}) {
  await page.getByLabel('Name of a new passkey').fill(name);
  await button(page, 'Add a passkey').click();
  await button(page, 'Make the passkey').waitFor();
  await look();
  await button(page, 'Make the passkey').click();
  await done(page, 'The passkey was added.');
  return page.locator('li code').allInnerTexts();
}

/** The whole way of a person, in each window. */
async function everywhere({ page, context, callback }, name, [link, person]) {
  const look = async (what, scripts) => {
    await audit(page, `passkeys-${what}-${name}`, directory, { scripts });
    await enlarge(page, `passkeys-${what}-${name}`, directory);
  };
  const application = await register(todos, {
    name: `Passkeys ${name}`, redirectUris: [callback.uri], scope: 'todos.read',
  });
  const url = authorizationUrl(application);
  const phone = await device(context, page);
  await setPassword(page, link);

  // Added after a login with the password.
  await page.goto(`${todos}/account/factors`);
  await typePassword(page, person);
  await heading(page, 'How you log in');
  await look('none', 0);
  const codes = await addPasskey(page, 'My phone', () => look('make', 1));
  assert.equal(codes.length, 10);
  await look('codes', 0);
  const [kept] = await phone.credentials();
  assert.equal(kept.rpId, 'localhost');
  assert.equal(Buffer.from(kept.userHandle, 'base64').length, 32, 'the device is told nothing of the person');

  // Alone, and what was typed stays here.
  await context.clearCookies();
  await page.goto(url);
  await look('login', 1);
  await page.getByLabel('Password').fill('half a password');
  const sent = page.waitForRequest((request) => request.method() === 'POST');
  await button(page, 'Log in with a passkey').click();
  const form = new URLSearchParams((await sent).postData());
  assert.deepEqual([form.has('username'), form.has('password'), form.get('decision')], [false, false, 'login']);
  await button(page, 'Allow').click();
  await useCode(application, await callback.next(), 'list_todos');

  // After the password.
  await context.clearCookies();
  await page.goto(url);
  await typePassword(page, person);
  await button(page, 'Use a passkey').waitFor();
  await look('second', 1);
  await button(page, 'Use a passkey').click();
  await button(page, 'Allow').click();
  await useCode(application, await callback.next(), 'list_todos');

  // A device that does not know its person: the browser says so; where the page was changed so that the browser does not, the issuer does.
  await context.clearCookies();
  await phone.setUserVerified(false);
  await page.goto(url);
  await button(page, 'Log in with a passkey').click();
  await says(page, 'Nothing happened');
  await look('cancelled', 1);
  await page.goto(url);
  await page.evaluate(asksLess);
  await button(page, 'Log in with a passkey').click();
  await says(page, 'That passkey does not log in here.');
  await look('refused', 1);
  assert.equal(await button(page, 'Allow').count(), 0);
  await page.goto(url);
  assert.equal(await button(page, 'Allow').count(), 0, 'nobody is logged in');
  await phone.setUserVerified(true);
  await button(page, 'Log in with a passkey').click();
  await button(page, 'Allow').waitFor();

  // This device has a passkey already; then it is removed.
  await page.goto(`${todos}/account/factors`);
  await heading(page, 'How you log in');
  await look('one', 0);
  await page.getByLabel('Name of a new passkey').fill('The same phone');
  await button(page, 'Add a passkey').click();
  await button(page, 'Make the passkey').click();
  await says(page, 'This device has a passkey of yours already.');
  await page.getByRole('link', { name: 'Back' }).click();
  await button(page, 'Remove My phone').click();
  await done(page, 'The passkey does not log in any more.');
  await context.clearCookies();
  await page.goto(url);
  await button(page, 'Log in with a passkey').click();
  await says(page, 'That passkey does not log in here.');
}

/** A security key without a PIN, which keeps no names: good after the password. */
async function weakKey({ page, context, callback }, _, [link, person]) {
  const application = await register(todos, {
    name: 'A weak key', redirectUris: [callback.uri], scope: 'todos.read',
  });
  await device(context, page, { verifies: false });
  await setPassword(page, link);
  await page.goto(`${todos}/account/factors`);
  await typePassword(page, person);
  const codes = await addPasskey(page, '');
  await context.clearCookies();
  await page.goto(authorizationUrl(application));
  await typePassword(page, person);
  await button(page, 'Use a passkey').click();
  await button(page, 'Allow').click();
  await useCode(application, await callback.next(), 'list_todos');
  return codes;
}

/** A browser without scripts sees no button that does nothing, and logs in with a password and a recovery code. */
async function withoutScripts({ page, callback }, _, [code, person]) {
  const application = await register(todos, {
    name: 'Without scripts', redirectUris: [callback.uri], scope: 'todos.read',
  });
  await page.goto(authorizationUrl(application));
  assert.equal(await button(page, 'Log in with a passkey').count(), 0);
  await typePassword(page, person);
  await page.getByLabel('One of your recovery codes').fill(code);
  await button(page, 'Go on').click();
  await button(page, 'Allow').click();
  await useCode(application, await callback.next(), 'list_todos');
}

/** Runs `way` in a profile of its own. */
async function run(way, window, name, ...more) {
  const callback = await listen();
  const opened = await open(browser, { ...window, origins: [todos, callback.origin], expected: WITHOUT_RSA });
  try {
    const result = await way({ ...opened, callback }, name, ...more);
    await opened.close();
    console.log(`${name}: ${way.name}`);
    return result;
  } catch (error) {
    await opened.page.screenshot({ path: `${directory}/passkeys-failed-${name}.png` }).catch(() => {});
    error.message = `${way.name} (${name}): ${error.message}`;
    throw error;
  } finally {
    callback.close();
  }
}

const people = links.map((link, number) => [link, `person${number}`]);
try {
  const windows = [[320, 'light'], [320, 'dark'], [1280, 'light'], [1280, 'dark']];
  for (const [number, [width, scheme]] of windows.entries()) {
    await run(everywhere, { width, scheme }, `${width}-${scheme}`, people[number]);
  }
  const [link, person] = people[windows.length];
  const codes = await run(weakKey, { width: 320, scheme: 'light' }, 'weak-key', [link, person]);
  const without = { width: 320, scheme: 'light', javaScriptEnabled: false };
  await run(withoutScripts, without, 'without-scripts', [codes[0], person]);
  console.log(`passkeys passed; screenshots in ${directory}`);
} finally {
  await browser.close();
}
