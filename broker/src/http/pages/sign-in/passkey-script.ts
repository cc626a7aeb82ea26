// The one script of the pages, served as a file of its own: it asks the browser for a passkey and sends what comes of it with the form around it. Pages
// work without it as far as a password does. What the browser is asked for stands in the form; nothing is fetched. The browser's own reading and writing
// of JSON is used (WebAuthn Level 3), so that no library is loaded on the page on which passwords are typed.

export const PASSKEY_SCRIPT = `
'use strict';
(() => {
  const canRead = typeof PublicKeyCredential === 'function' && typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function';
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    const { passkey: kind, options } = form.dataset;
    const answer = form.querySelector('input[name="passkey"]');
    const problem = document.getElementById(form.dataset.problem);
    const button = form.querySelector('button');
    if (!canRead) {
      if (form.dataset.needed === 'yes') problem.hidden = false;
      continue;
    }
    form.hidden = false;
    const publicKey = () => {
      const json = JSON.parse(options);
      return kind === 'create' ? PublicKeyCredential.parseCreationOptionsFromJSON(json) : PublicKeyCredential.parseRequestOptionsFromJSON(json);
    };
    let waiting;
    const send = (credential) => {
      answer.value = JSON.stringify(credential);
      button.disabled = true;
      form.submit();
    };
    const say = (text) => {
      problem.firstElementChild.textContent = text;
      problem.hidden = false;
    };
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      problem.hidden = true;
      if (waiting) waiting.abort();
      button.disabled = true;
      try {
        const credential = kind === 'create'
          ? await navigator.credentials.create({ publicKey: publicKey() })
          : await navigator.credentials.get({ publicKey: publicKey() });
        send(credential);
      } catch (error) {
        button.disabled = false;
        if (error.name === 'InvalidStateError') say('This device or key is registered already.');
        else if (error.name === 'NotAllowedError') say('That was cancelled, took too long, or there was no passkey for this broker. Try again.');
        else if (error.name === 'SecurityError') say('The browser takes no passkeys at this address. Open the broker by its own name, over https.');
        else say('The browser could not do that (' + error.name + '). Try again.');
      }
    });
    if (form.dataset.autofill === 'yes') {
      void (async () => {
        if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
        waiting = new AbortController();
        try {
          send(await navigator.credentials.get({ publicKey: publicKey(), mediation: 'conditional', signal: waiting.signal }));
        } catch (error) {
          // The person chose another way, or the button: nothing to say.
          if (error.name !== 'AbortError' && error.name !== 'NotAllowedError') console.warn(error);
        }
      })();
    }
  }
})();
`.trimStart();
