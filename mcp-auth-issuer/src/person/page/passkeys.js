// Passkeys on the pages of mcp-auth's built-in issuer. For the form of the page it asks the browser to sign with a passkey ("get") or to make one
// ("create"), puts what the browser answers into the field `passkey`, and sends the form. It asks nothing of any server, and decides nothing.

const bytesOf = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));

const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const listed = (credentials) => (credentials ?? []).map((credential) => ({ ...credential, id: bytesOf(credential.id) }));

/** What the browser is asked for: the page writes bytes as text. */
function read(options) {
  const publicKey = { ...options, challenge: bytesOf(options.challenge) };
  if (options.user) publicKey.user = { ...options.user, id: bytesOf(options.user.id) };
  if (options.allowCredentials) publicKey.allowCredentials = listed(options.allowCredentials);
  if (options.excludeCredentials) publicKey.excludeCredentials = listed(options.excludeCredentials);
  return publicKey;
}

/** What the issuer is told of the answer. */
function written({ rawId, response }) {
  const answer = { id: textOf(rawId), clientDataJSON: textOf(response.clientDataJSON) };
  if (response.attestationObject) {
    answer.attestationObject = textOf(response.attestationObject);
    answer.transports = response.getTransports?.() ?? [];
  } else {
    answer.authenticatorData = textOf(response.authenticatorData);
    answer.signature = textOf(response.signature);
    if (response.userHandle?.byteLength) answer.userHandle = textOf(response.userHandle);
  }
  return JSON.stringify(answer);
}

/** Which text of the page says what went wrong. */
const WORDS = { InvalidStateError: 'taken', NotAllowedError: 'cancelled', SecurityError: 'elsewhere' };

function begin(controls) {
  const { passkey: what, options } = controls.dataset;
  const button = controls.querySelector('button');
  const alert = controls.querySelector('[role=alert]');
  const field = controls.querySelector('[name=passkey]');
  controls.hidden = false;

  button.addEventListener('click', async () => {
    button.disabled = true;
    alert.hidden = true;
    try {
      const credential = await navigator.credentials[what]({ publicKey: read(JSON.parse(options)) });
      field.value = written(credential);
      const { form } = field;
      // What was typed, or filled in by the browser, does not go with it.
      const typed = [...form.elements].filter((control) => control.matches('input:not([type=hidden]):enabled'));
      for (const control of typed) control.disabled = true;
      form.submit();
      for (const control of typed) control.disabled = false;
    } catch (error) {
      alert.textContent = controls.dataset[WORDS[error.name] ?? 'failed'];
      alert.hidden = false;
    }
    field.value = '';
    button.disabled = false;
  });
}

if (window.PublicKeyCredential && navigator.credentials) {
  document.querySelectorAll('[data-passkey]').forEach(begin);
} else {
  for (const controls of document.querySelectorAll('[data-passkey=create]')) {
    const alert = controls.querySelector('[role=alert]');
    alert.textContent = controls.dataset.unsupported;
    alert.hidden = false;
    controls.querySelector('button').hidden = true;
    controls.hidden = false;
  }
}
