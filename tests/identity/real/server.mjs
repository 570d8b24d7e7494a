// The npm package oidc-provider as a program, with its own pages: an OpenID provider that this project did not write.
// Its orders come as JSON in the environment variable REAL.
import { Provider } from "oidc-provider";

import { PEOPLE } from "../fakes/people.mjs";

const { port, clients } = JSON.parse(process.env.REAL);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients,
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "picture"] },
  // Any password is good.
  findAccount: (_context, id) => {
    const { email, name, picture } = PEOPLE[id];
    return { accountId: id, claims: () => ({ sub: id, email, email_verified: true, name, picture }) };
  },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  pkce: { required: () => true },
  responseTypes: ["code"],
  cookies: { keys: ["a key of the tests"] },
});

// What it refuses, for the tests to find in its log. A person who cancels is nobody's mistake.
const EVENTS = ["authorization.error", "grant.error", "userinfo.error", "discovery.error", "jwks.error", "end_session.error", "server_error"];
for (const event of EVENTS) {
  provider.on(event, (_context, { message, error_description, error_detail }) => {
    if (message === "access_denied") return;
    console.log(`refused: ${event}: ${[message, error_description, error_detail].filter(Boolean).join(": ")}`);
  });
}

provider.listen(port, "127.0.0.1");
