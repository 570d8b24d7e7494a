// Keyward's only script: a button that asks for options, lets the browser answer them with a passkey, and sends the
// form that it is in. Without it the forms stay hidden, and the other ways remain.
(() => {
  "use strict";
  if (!window.PublicKeyCredential) return;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const known = (list) => list.map((one) => ({ ...one, id: bytes(one.id) }));

  const register = async (options) => {
    const made = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: new TextEncoder().encode(options.user.id) },
        excludeCredentials: known(options.excludeCredentials),
      },
    });
    const { clientDataJSON, attestationObject } = made.response;
    const transports = made.response.getTransports?.() ?? [];
    return answer(made, {
      clientDataJSON: text(clientDataJSON),
      attestationObject: text(attestationObject),
      transports,
    });
  };

  const authenticate = async (options) => {
    const shown = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: known(options.allowCredentials),
      },
    });
    const { clientDataJSON, authenticatorData, signature, userHandle } = shown.response;
    return answer(shown, {
      clientDataJSON: text(clientDataJSON),
      authenticatorData: text(authenticatorData),
      signature: text(signature),
      userHandle: userHandle ? new TextDecoder().decode(userHandle) : undefined,
    });
  };

  const answer = ({ id, type }, response) => JSON.stringify({ id, rawId: id, type, response });

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const trouble = form.querySelector("[role=alert]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      trouble.hidden = true;
      try {
        const reply = await fetch(form.dataset.passkey);
        const asked = await reply.json();
        if (!reply.ok) {
          if (asked.url) return location.assign(asked.url);
          throw new Error(asked.error);
        }
        const carryOut = asked.action === "register" ? register : authenticate;
        form.elements.namedItem("data").value = await carryOut(asked.options);
        form.submit();
      } catch (error) {
        console.error(error);
        trouble.hidden = false;
      }
    });
  }
})();
