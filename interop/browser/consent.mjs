// A person's login at the built-in issuer, in a real browser: `cargo xtask browser` starts the servers and runs this.
// node consent.mjs <todos URL> <URL of todos with hostile.toml> <chromium> <directory for screenshots>
import assert from 'node:assert/strict';

import { audit, enlarge } from './audit.mjs';
import { launch, open } from './browser.mjs';
import { authorizationUrl, listen, register, useCode } from './client.mjs';
import { focused } from './in-page.mjs';

const [, , todos, hostile, executable, directory] = process.argv;
const LOOKALIKE = 'xn--pple-43d.example'; // "apple" with a Cyrillic a

const browser = await launch(executable);

let applications = 0;

/**
 * An application that waits for its answers, so that two people can use two of them at once. Each has a name of its own: those that say the
 * same about themselves are one.
 */
async function newApplication(callback, scope) {
  applications += 1;
  return register(todos, { name: `Example application ${applications}`, redirectUris: [callback.uri], scope });
}

const button = (page, name) => page.getByRole('button', { name, exact: true });
const heading = (page, name) => page.getByRole('heading', { name, level: 1 }).waitFor();

/** Logs in as `user` by a click. */
async function logIn(page, user = 'alice') {
  await button(page, `Continue as ${user}`).click();
  await button(page, 'Allow').waitFor();
}

/** The answer is in sight when the page opens, however much it asks for. */
async function aboveTheFold(page) {
  const { height } = page.viewportSize();
  for (const name of ['Deny', 'Allow']) {
    const box = await button(page, name).boundingBox();
    assert.ok(box.y >= 0 && box.y + box.height <= height, `${name} is in sight: ${JSON.stringify(box)} in ${height}`);
  }
}

/** Presses `key` until the control `name` has the focus; gives the names on the way. */
async function tabTo(page, name, key = 'Tab') {
  const way = [];
  for (let i = 0; i < 12; i += 1) {
    await page.keyboard.press(key);
    const control = await page.evaluate(focused);
    assert.ok(control, `the focus is on nothing after ${way}`);
    assert.ok(control.seen, `${control.name} does not show that it has the focus`);
    assert.ok(control.inside, `${control.name} has the focus out of sight`);
    way.push(control.name);
    if (control.name === name) return way;
  }
  throw new Error(`${key} never reaches ${name}: ${way}`);
}

/** Enter, with no control chosen, must do nothing. */
async function strayEnter(page) {
  const before = await page.evaluate(() => performance.timeOrigin);
  assert.equal(await page.evaluate(focused), null, 'nothing has the focus when the page opens');
  for (const key of ['Enter', 'Space', 'Escape']) await page.keyboard.press(key);
  await page.waitForTimeout(150);
  assert.equal(await page.evaluate(() => performance.timeOrigin), before, 'Enter by itself does nothing');
}

/** What must hold in every window and both colour schemes. `name` tells their screenshots apart. */
const everywhere = {
  async 'log in and allow by clicks'({ page, callback }, name) {
    const fresh = await newApplication(callback, 'todos.read');
    await page.goto(authorizationUrl(fresh));
    await heading(page, 'Log in to To-do lists');
    await audit(page, `login-${name}`, directory);
    await logIn(page);
    await heading(page, 'Allow access to To-do lists?');
    await aboveTheFold(page);
    await audit(page, `consent-${name}`, directory);
    await enlarge(page, `consent-${name}`, directory);
    await button(page, 'Allow').click();
    await useCode(fresh, await callback.next(), 'list_todos');
    const more = { ...fresh, scope: 'todos.read todos.write' };
    await page.goto(authorizationUrl(more));
    assert.equal(await page.locator('li', { hasText: 'todos.read' }).locator('.badge').innerText(), 'allowed before');
    assert.equal(await page.locator('li', { hasText: 'todos.write' }).locator('.badge').innerText(), 'new');
    await audit(page, `consent-step-up-${name}`, directory);
    await button(page, 'Allow').click();
    await useCode(more, await callback.next(), 'list_todos');
  },

  async 'log in and allow by keyboard'({ page, callback, application, url }, name) {
    await page.goto(url);
    await strayEnter(page);
    assert.deepEqual(await tabTo(page, 'Continue as bob'), ['Continue as alice', 'Continue as bob']);
    assert.deepEqual(await tabTo(page, 'Continue as alice', 'Shift+Tab'), ['Continue as alice']);
    await page.keyboard.press('Enter');
    await heading(page, 'Allow access to To-do lists?');
    await strayEnter(page);
    const way = await tabTo(page, 'Use another account');
    assert.deepEqual(way.slice(-3), ['Deny', 'Allow', 'Use another account'], 'in the order one sees');
    assert.equal(way.length, 4, `before them the box of the scope that can be left out: ${way}`);
    await tabTo(page, 'Allow', 'Shift+Tab');
    await page.screenshot({ path: `${directory}/consent-focus-${name}.png` });
    await page.keyboard.press('Space');
    await useCode(application, await callback.next(), 'list_todos');
  },

  async 'deny, on either page'({ page, callback, application, url }) {
    await page.goto(url);
    await button(page, 'Cancel and go back').click();
    assert.equal((await callback.next()).error, 'access_denied');
    await page.goto(url);
    await logIn(page);
    await tabTo(page, 'Deny');
    await page.keyboard.press('Enter');
    const answer = await callback.next();
    assert.deepEqual([answer.error, answer.code, answer.state], ['access_denied', undefined, application.state]);
    await page.waitForURL(`${callback.uri}?**`);
    await page.goBack();
    await button(page, 'Allow').waitFor();
  },

  async 'pages that say what went wrong'({ page, context, callback, application, url }, name) {
    await page.goto(authorizationUrl(application, { client_id: 'nobody' }));
    await heading(page, 'This application is not known here');
    await audit(page, `error-unknown-client-${name}`, directory);

    const elsewhere = `https://evil.example/${'very-'.repeat(80)}long?<script>alert(1)</script>`;
    await page.goto(authorizationUrl(application, { redirect_uri: elsewhere }));
    await heading(page, 'This application wants to return to an unknown address');
    assert.equal(new URL(page.url()).origin, todos, 'no redirect');
    await audit(page, `error-redirect-uri-${name}`, directory);

    await page.goto(url);
    await page.locator('[value=bob]').evaluate((chosen) => { chosen.value = 'mallory'; });
    await button(page, 'Continue as bob').click();
    await page.getByRole('alert').waitFor();
    await audit(page, `login-refused-${name}`, directory);

    // Logged out in another tab, answered in this one.
    await logIn(page);
    const other = await context.newPage();
    await other.goto(url);
    await button(other, 'Use another account').click();
    await button(other, 'Continue as alice').waitFor();
    await button(page, 'Allow').click();
    await page.getByRole('alert').waitFor();
    await audit(page, `login-ended-${name}`, directory);
    await logIn(page);

    // The form no longer fits the browser; the page says how to go on, and it works.
    await context.clearCookies();
    await button(page, 'Allow').click();
    await heading(page, 'This page has expired');
    await audit(page, `error-expired-${name}`, directory);
    await page.getByRole('link', { name: 'Show the request again' }).click();
    await logIn(page);
    await button(page, 'Allow').click();
    await useCode(application, await callback.next(), 'list_todos');
  },

  async 'hostile names'({ page, callback }, name) {
    const disguise = `To-do lists\u202e\u200b (\u0430 "verified"</bdi><script>alert(1)</script>) `;
    const liar = await register(hostile, {
      name: disguise + 'x'.repeat(200),
      redirectUris: [`https://${LOOKALIKE}/callback`, callback.uri],
      scope: (await (await fetch(`${hostile}/.well-known/oauth-authorization-server`)).json()).scopes_supported.join(' '),
    });
    await page.goto(authorizationUrl(liar));
    await page.getByRole('heading', { level: 1 }).waitFor();
    await audit(page, `hostile-login-${name}`, directory);
    await logIn(page);
    await aboveTheFold(page);
    assert.ok(await page.getByText('Your answer leaves this computer.').isVisible(), 'a web site is warned of');
    assert.match(await page.locator('dl').innerText(), new RegExp(`^${LOOKALIKE}$`, 'm'), 'a host in ASCII');
    const text = await page.content();
    assert.doesNotMatch(text, /[\u200b-\u200f\u202a-\u202e]/, 'nothing invisible, nothing that turns text around');
    await audit(page, `hostile-consent-${name}`, directory);
    await enlarge(page, `hostile-consent-${name}`, directory);
    await page.goto(authorizationUrl(liar, { scope: 'todos.write' }));
    await page.getByText('This includes:').waitFor();
    await audit(page, `hostile-includes-${name}`, directory);
  },
};

/** What no window changes. */
const once = {
  async 'another account'({ page, url }) {
    await page.goto(url);
    await logIn(page, 'alice');
    await button(page, 'Use another account').click();
    await logIn(page, 'bob');
    assert.equal(await page.locator('dd').last().innerText(), 'bob');
  },

  async 'pressing Allow twice'({ page, callback, application, url }) {
    await page.goto(url);
    await logIn(page);
    await button(page, 'Allow').dblclick();
    await useCode(application, await callback.next(), 'list_todos');
    await page.waitForURL(`${callback.uri}?**`);
    callback.forget();
  },

  async 'a double click on the page before answers nothing'({ page, url }) {
    await page.goto(url);
    await logIn(page);
    // What a click would hit so many milliseconds after the page opened.
    const hit = (milliseconds) =>
      page.evaluate((time) => {
        const allow = document.querySelector('[value=allow]');
        allow.style.animationName = 'none';
        allow.getAnimations();
        allow.style.animationName = '';
        for (const animation of allow.getAnimations()) {
          animation.pause();
          animation.currentTime = time;
        }
        allow.scrollIntoView();
        const { x, y, width, height } = allow.getBoundingClientRect();
        return document.elementFromPoint(x + width / 2, y + height / 2)?.value ?? null;
      }, milliseconds);
    assert.deepEqual([await hit(0), await hit(600), await hit(800)], [null, null, 'allow']);
  },

  'without JavaScript': allowInPeace,
  'with reduced motion': allowInPeace,
};
const OPTIONS = { 'without JavaScript': { javaScriptEnabled: false }, 'with reduced motion': { reducedMotion: 'reduce' } };

async function allowInPeace({ page, callback, application, url }) {
  await page.goto(url);
  await logIn(page);
  await button(page, 'Allow').click();
  await useCode(application, await callback.next(), 'list_todos');
}

/** Runs every one of `checks` in a profile of its own. */
async function run(checks, window, name) {
  const callback = await listen();
  const application = await newApplication(callback, 'todos.read todos.write');
  const url = authorizationUrl(application);
  const origins = [todos, hostile, callback.origin];
  try {
    for (const [what, check] of Object.entries(checks)) {
      const opened = await open(browser, { ...window, ...OPTIONS[what], origins });
      try {
        await check({ ...opened, callback, application, url }, name);
        await opened.close();
      } catch (error) {
        error.message = `${what} (${name}): ${error.message}`;
        throw error;
      }
    }
  } finally {
    callback.close();
  }
  console.log(`${name}: ${Object.keys(checks).join('; ')}`);
}

const begun = Date.now();
try {
  // Two windows at a time: much of a person's login is waiting.
  for (const width of [320, 1280]) {
    const both = ['light', 'dark'].map((scheme) => run(everywhere, { width, scheme }, `${width}-${scheme}`));
    const failed = (await Promise.allSettled(both)).find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
  }
  await run(once, { width: 320, scheme: 'light' }, 'once');
  console.log(`passed in ${((Date.now() - begun) / 1000).toFixed(0)} s; screenshots in ${directory}`);
} finally {
  await browser.close();
}
