// The page that says how applications are connected, and the pages of the login in German and in the colours of an operator:
// `cargo xtask browser` starts the servers and runs this.
// node connect.mjs <todos URL> <URL of todos with branded.toml> <chromium> <directory for screenshots>
import assert from 'node:assert/strict';

import { audit, enlarge } from './audit.mjs';
import { launch, open } from './browser.mjs';
import { authorizationUrl, listen, register } from './client.mjs';

const [, , todos, branded, executable, directory] = process.argv;
const browser = await launch(executable);

/** How the pages are walked in each language. */
const LANGUAGES = {
  en: { heading: 'Connect to', copy: 'Copy', copied: 'Copied', login: 'Log in to', allow: 'Allow', as: 'Continue as alice', go: 'Continue' },
  de: { heading: 'verbinden', copy: 'Kopieren', copied: 'Kopiert', login: 'Anmelden bei', allow: 'Erlauben', as: 'Weiter als alice', go: 'Weiter' },
};
/** Words of which nearly every English sentence has one, and no German sentence any. */
const ENGLISH = /\b(the|you|your|and|is|it|its|not|with|this|that|of|to|for|allow|deny|are|here|has|have|application|answer|again|close|back)\b/gi;

/** What a page says itself, without what applications, operators and programs say: that stands in bdi, code, or elements of another language. */
function ownText() {
  const page = document.body.cloneNode(true);
  for (const theirs of page.querySelectorAll('script, style, bdi, code, [lang]')) theirs.remove();
  return `${document.title.replace(/To-do lists( of Example)?/, '')} ${page.textContent}`;
}

/** Looks at a page in its language: whatever is wrong with it, and that it says nothing in the other one. */
async function look(page, name, options) {
  await audit(page, name, directory, options);
  await enlarge(page, name, directory);
  const english = (await page.evaluate(ownText)).match(ENGLISH) ?? [];
  if (options.language === 'de') assert.deepEqual(english, [], `${name}: English in a German page`);
  else assert.ok(english.length > 2, `${name}: English`);
}

/** `GET /`, and what a browser sees at the MCP endpoint. */
async function connects(page, origin, language, { name, pictures }) {
  const words = LANGUAGES[language];
  for (const [path, status] of [['/', 200], ['/mcp', 401]]) {
    const answer = await page.goto(`${origin}${path}`);
    assert.equal(answer.status(), status);
    assert.match(await page.locator('h1').innerText(), new RegExp(words.heading));
    const at = `connect${path === '/' ? '' : '-endpoint'}-${name}`;
    await look(page, at, { own: 1, pictures, language });
  }
  await page.locator('summary').first().click();
  await look(page, `connect-open-${name}`, { own: 1, pictures, language });

  const url = await page.locator('#address').innerText();
  assert.equal(url, `${origin}/mcp`);
  await page.getByRole('button', { name: words.copy, exact: true }).first().click();
  await page.getByText(words.copied, { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), url);
  const links = await page.locator('a.button').evaluateAll((all) => all.map((link) => link.href));
  assert.deepEqual(links.map((link) => link.split(':')[0]), ['vscode', 'cursor']);
  const told = JSON.parse(decodeURIComponent(links[0].slice('vscode:mcp/install?'.length)));
  assert.deepEqual([told.type, told.url], ['http', url]);
  const config = new URL(links[1]).searchParams.get('config');
  assert.deepEqual(JSON.parse(Buffer.from(config, 'base64').toString()), { url });
}

/** Login, consent, an error and the account. */
async function logsIn(page, origin, language, { name, pictures }) {
  const words = LANGUAGES[language];
  const callback = await listen();
  try {
    const application = await register(origin, { name: `Example ${name}`, redirectUris: [callback.uri], scope: 'todos.read' });
    await page.goto(authorizationUrl(application));
    assert.match(await page.locator('h1').innerText(), new RegExp(words.login));
    await look(page, `login-${name}`, { pictures, language });
    await page.getByRole('button', { name: words.as, exact: true }).click();
    await page.getByRole('button', { name: words.allow, exact: true }).waitFor();
    await look(page, `consent-${name}`, { pictures, language });
    await page.goto(authorizationUrl(application, { client_id: 'nobody' }));
    await look(page, `error-${name}`, { pictures, language });
    await page.goto(`${origin}/account`);
    await look(page, `account-${name}`, { pictures, language });
  } finally {
    callback.close();
  }
}

/** A device that shows a code: where it is entered, what is asked, and the end. */
async function connectsDevice(page, origin, language, { name, pictures }) {
  const words = LANGUAGES[language];
  const asked = await fetch(`${origin}/device_authorization`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'tv', scope: 'todos.read' }),
  });
  const { user_code: code } = await asked.json();
  await page.goto(`${origin}/authorize/device`);
  await look(page, `device-code-${name}`, { pictures, language });
  await page.locator('#user_code').fill('BCDF-GHJK');
  await page.getByRole('button', { name: words.go, exact: true }).click();
  await page.getByRole('alert').waitFor();
  await look(page, `device-wrong-code-${name}`, { pictures, language });
  await page.locator('#user_code').fill(code);
  await page.getByRole('button', { name: words.go, exact: true }).click();
  await page.getByRole('button', { name: words.allow, exact: true }).waitFor();
  await look(page, `device-${name}`, { pictures, language });
  await page.getByRole('button', { name: words.allow, exact: true }).click();
  await page.locator('form').waitFor({ state: 'detached' });
  await look(page, `device-allowed-${name}`, { pictures, language });
}

/** Without JavaScript there are no buttons that copy, and the text can be selected. */
async function withoutScripts() {
  const opened = await open(browser, { width: 320, scheme: 'light', origins: [todos], javaScriptEnabled: false });
  await opened.page.goto(`${todos}/`);
  assert.equal(await opened.page.getByRole('button', { name: 'Copy' }).count(), 0);
  assert.ok(await opened.page.locator('#address').isVisible());
  await opened.close();
}

try {
  for (const [server, pictures] of [[todos, 0], [branded, 1]]) {
    for (const language of ['en', 'de']) {
      for (const [width, scheme] of [[320, 'light'], [320, 'dark'], [1280, 'light']]) {
        const name = `${pictures ? 'branded-' : ''}${language}-${width}-${scheme}`;
        const opened = await open(browser, { width, scheme, origins: [server], locale: language, permissions: ['clipboard-read', 'clipboard-write'] });
        await connects(opened.page, server, language, { name, pictures });
        await logsIn(opened.page, server, language, { name, pictures });
        // Once in each language: a server takes few codes a minute.
        if (server === branded && width === 320 && scheme === 'light') await connectsDevice(opened.page, server, language, { name, pictures });
        await opened.close();
        console.log(`${name}: connect, login, consent, error, account`);
      }
    }
  }
  await withoutScripts();
} finally {
  await browser.close();
}
