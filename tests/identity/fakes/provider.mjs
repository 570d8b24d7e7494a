// What every fake identity provider does: OAuth 2.0's authorization code flow (RFC 6749 §4.1), to the letter.
//
// A fake accepts what its kind's documentation allows and nothing else. Whatever it refuses it also keeps in
// `refusals`, so that a test can tell that there were none.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import { BREAKDOWNS, Refusal, escape, json, page, readRequest, seeOther, send, text } from "./http.mjs";
import { PEOPLE } from "./people.mjs";

const CODE_LIFETIME_MS = 60_000;

/** The parameters of RFC 6749 and RFC 7636; a kind adds what its documentation names. */
const AUTHORIZATION = ["client_id", "response_type", "redirect_uri", "scope", "state"];
const PKCE = ["code_challenge", "code_challenge_method"];
const TOKEN = ["grant_type", "code", "redirect_uri"];

export class FakeProvider {
  /** What people see on its page. */
  name = "a fake provider";
  /** Where its endpoints are. */
  paths = { authorize: "/authorize", token: "/token", userinfo: "/userinfo" };
  /** Odd signs on purpose: RFC 6749 §2.3.1 has both encoded before they are joined. */
  client = { id: "the client: 1", secret: "s3cret & more/with:odd+signs% and 32 bytes" };
  /** How the client may prove itself. */
  clientAuth = ["client_secret_basic"];
  /** Scopes that may be asked for, and those that have to be. */
  scopes = { known: ["profile", "email"], needed: [] };
  /** Whether PKCE has to be used; where not, its parameters are unknown. */
  pkce = true;
  /** Further parameters of the authorization request that the documentation names. */
  documented = [];
  /** Whether the response names its issuer (RFC 9207). */
  namesIssuer = false;

  /** What was refused, in words. */
  refusals = [];
  /** Every request that reached an endpoint: `{step, headers, form}`. */
  requests = [];
  /** By step (a name in `paths`): the name of a breakdown that takes the place of its answer. */
  breakdowns = {};

  #server;
  #asked = new Map();
  #codes = new Map();
  #tokens = new Map();

  /** Listens on a free port of 127.0.0.1 for clients that come back to one of `redirectUris`. */
  async start({ redirectUris }) {
    this.redirectUris = redirectUris;
    await this.#listen(0);
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  /** Nobody answers at its address any more. */
  async stop() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Answers at the same address again. */
  async startAgain() {
    await this.#listen(Number(new URL(this.url).port));
  }

  /** Ends every breakdown, and forgets what was refused and asked. */
  recover() {
    this.breakdowns = {};
    this.refusals = [];
    this.requests = [];
  }

  /** What RFC 9207 has the response name. */
  get issuer() {
    return this.url;
  }

  /** Handlers by method and path, each with the step that it is. */
  routes() {
    const { authorize, token, userinfo } = this.paths;
    return {
      [`GET ${authorize}`]: ["authorize", (request) => this.authorize(request)],
      "POST /consent": ["consent", (request) => this.consent(request)],
      [`POST ${token}`]: ["token", (request) => this.token(request)],
      ...(userinfo && { [`GET ${userinfo}`]: ["userinfo", (request) => this.userinfo(request)] }),
    };
  }

  // Authorization endpoint.

  /** Shows who can sign in, once the request is found to be flawless. */
  authorize({ query }) {
    this.noneTwice(query);
    this.onlyKnown(query, [...AUTHORIZATION, ...(this.pkce ? PKCE : []), ...this.documented]);
    this.mustBe(query, "client_id", this.client.id);
    this.mustBe(query, "response_type", "code");
    if (!this.redirectUris.includes(query.get("redirect_uri"))) this.refuse(`unknown redirect_uri ${query.get("redirect_uri")}`);
    this.#checkScope(query.get("scope"));
    if (!/^[\x20-\x7e]{16,}$/.test(query.get("state") ?? "")) this.refuse("state is missing or can be guessed");
    if (this.pkce) {
      this.mustBe(query, "code_challenge_method", "S256");
      if (!/^[\w-]{43}$/.test(query.get("code_challenge") ?? "")) this.refuse("code_challenge is no SHA-256");
    }
    const ticket = random();
    this.#asked.set(ticket, query);
    return this.consentPage(ticket);
  }

  consentPage(ticket) {
    const choice = ({ key, name }) => `<button name="person" value="${key}">Continue as ${escape(name)}</button>`;
    const choices = Object.values(PEOPLE).map(choice).join("\n");
    return page(
      `Sign in with ${this.name}`,
      `<h1>Sign in with ${escape(this.name)}</h1>
<form method="post" action="/consent">
<input type="hidden" name="ticket" value="${ticket}">
${choices}
<button name="person" value="">Cancel</button>
</form>`,
    );
  }

  /** Sends the browser back with a code, or with the news that the person does not want to. */
  consent({ form }) {
    const query = this.#asked.get(form?.get("ticket"));
    if (!query) this.refuse("nobody asked for this consent");
    this.#asked.delete(form.get("ticket"));
    const person = PEOPLE[form.get("person")];
    const state = { state: query.get("state"), ...(this.namesIssuer && { iss: this.issuer }) };
    if (!person) return this.respond(query, { ...this.cancelled(), ...state });
    const code = random();
    this.#codes.set(code, { query, person, expires: Date.now() + CODE_LIFETIME_MS });
    return this.respond(query, { code, ...state, ...this.besideTheCode(person) });
  }

  /** The error of a person who cancelled. */
  cancelled() {
    return { error: "access_denied", error_description: "The person does not want to" };
  }

  /** Parameters of the response beside code and state. */
  besideTheCode(_person) {
    return {};
  }

  /** The authorization response. */
  respond(query, parameters) {
    const target = new URL(query.get("redirect_uri"));
    for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
    return seeOther(target);
  }

  // Token endpoint.

  async token(request) {
    const { form, query } = request;
    if (!form) this.refuse("the token request is no form", this.tokenError("invalid_request"));
    if (query.size > 0) this.refuse("the token request has a query", this.tokenError("invalid_request"));
    this.noneTwice(form, () => this.tokenError("invalid_request"));
    const proof = await this.authenticate(request);
    this.onlyKnown(form, [...TOKEN, ...(this.pkce ? ["code_verifier"] : []), ...proof], () => this.tokenError("invalid_request"));
    if (form.get("grant_type") !== "authorization_code") {
      this.refuse(`grant_type is ${form.get("grant_type")}`, this.tokenError("unsupported_grant_type"));
    }
    const grant = this.#redeem(form);
    return this.tokenAnswer(await this.tokens(grant));
  }

  #redeem(form) {
    const grant = this.#codes.get(form.get("code"));
    const invalid = (reason) => this.refuse(reason, this.tokenError("invalid_grant"));
    if (!grant) invalid("unknown code");
    if (grant.used) {
      // RFC 6749 §4.1.2: what the code has brought is taken back.
      for (const [token, one] of this.#tokens) if (one === grant) this.#tokens.delete(token);
      invalid("the code was used before");
    }
    grant.used = true;
    if (Date.now() > grant.expires) invalid("the code is too old");
    if (form.get("redirect_uri") !== grant.query.get("redirect_uri")) invalid("redirect_uri is another than in the authorization request");
    if (this.pkce) {
      const verifier = form.get("code_verifier") ?? "";
      if (!/^[\w.~-]{43,128}$/.test(verifier)) invalid("code_verifier is missing or malformed");
      const challenge = createHash("sha256").update(verifier).digest("base64url");
      if (challenge !== grant.query.get("code_challenge")) invalid("code_verifier is not the challenge's");
    }
    return grant;
  }

  /** The members of the token response for a code that was found good. */
  async tokens(grant) {
    const access_token = random();
    this.#tokens.set(access_token, grant);
    return { access_token, token_type: "Bearer", expires_in: 3600, scope: grant.query.get("scope") };
  }

  tokenAnswer(tokens) {
    return json(200, tokens, { "cache-control": "no-store" });
  }

  tokenError(error) {
    return json(error === "invalid_client" ? 401 : 400, { error });
  }

  /** Checks who asks for tokens, by exactly one way. Gives the form's parameters that belong to it. */
  async authenticate(request) {
    const { form, headers } = request;
    const ways = [
      headers.authorization !== undefined && "client_secret_basic",
      form.has("client_secret") && "client_secret_post",
      form.has("client_assertion") && this.clientAuth.find((way) => way.endsWith("_jwt")),
    ].filter(Boolean);
    const invalid = (reason) => this.refuse(reason, this.tokenError("invalid_client"));
    if (ways.length !== 1) invalid(`the client proves itself in ${ways.length} ways`);
    const [way] = ways;
    if (!this.clientAuth.includes(way)) invalid(`the client proves itself by ${way}`);
    if (way === "client_secret_basic") {
      const [id, secret] = basicCredentials(headers.authorization) ?? invalid("the Authorization header is no Basic one");
      if (id !== this.client.id || !equal(secret, this.client.secret)) invalid("wrong client credentials");
      return [];
    }
    if (form.get("client_id") !== this.client.id) invalid("client_id is missing or another's");
    if (way === "client_secret_post") {
      if (!(await this.isSecret(form.get("client_secret")))) invalid("wrong client_secret");
      return ["client_id", "client_secret"];
    }
    if (form.get("client_assertion_type") !== "urn:ietf:params:oauth:client-assertion-type:jwt-bearer") invalid("wrong client_assertion_type");
    await this.checkAssertion(form.get("client_assertion")).catch((error) => invalid(`client_assertion: ${error.message}`));
    return ["client_id", "client_assertion", "client_assertion_type"];
  }

  async isSecret(given) {
    return equal(given, this.client.secret);
  }

  // Profile.

  userinfo(request) {
    return json(200, this.profile(this.personOf(request)));
  }

  profile({ number, name, email, picture }) {
    return { sub: `person-${number}`, name, email, picture };
  }

  /** Whose access token the request carries, which has to be in the header and nowhere else. */
  personOf({ headers, query, form }, scheme = /^Bearer ([\w-]+)$/) {
    if (query.has("access_token") || form?.has("access_token")) this.refuse("the access token is in the address or the form", json(400, { error: "invalid_request" }));
    const [, token] = scheme.exec(headers.authorization ?? "") ?? [];
    const grant = this.#tokens.get(token);
    if (!grant) this.refuse("unknown access token", json(401, { error: "invalid_token" }));
    this.scopeOfRequest = (grant.query.get("scope") ?? "").split(" ");
    return grant.person;
  }

  // What the checks are made of.

  refuse(reason, answer) {
    throw new Refusal(reason, answer);
  }

  mustBe(parameters, name, value) {
    if (parameters.get(name) !== value) this.refuse(`${name} is ${parameters.get(name)}`);
  }

  /** RFC 6749 §3.1 and §3.2. */
  noneTwice(parameters, answer = () => undefined) {
    for (const name of parameters.keys()) {
      if (parameters.getAll(name).length > 1) this.refuse(`${name} comes twice`, answer());
    }
  }

  onlyKnown(parameters, known, answer = () => undefined) {
    for (const name of parameters.keys()) if (!known.includes(name)) this.refuse(`unknown parameter ${name}`, answer());
  }

  #checkScope(scope) {
    const asked = scope === null ? [] : scope.split(" ");
    const unknown = asked.find((one) => !this.scopes.known.includes(one));
    if (unknown !== undefined) this.refuse(`unknown scope "${unknown}"`);
    const missing = this.scopes.needed.find((one) => !asked.includes(one));
    if (missing) this.refuse(`the scope ${missing} is missing`);
  }

  async #listen(port) {
    this.#server = createServer((incoming, outgoing) => {
      this.#serve(incoming, outgoing).catch((error) => {
        this.refusals.push(`${incoming.method} ${incoming.url}: ${error.stack}`);
        outgoing.destroy();
      });
    });
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async #serve(incoming, outgoing) {
    const request = await readRequest(incoming);
    const place = `${request.method} ${request.path}`;
    const [step, handle] = this.routes()[place] ?? ["nowhere", () => this.refuse("no such address", text(404, "Not Found"))];
    const { headers, form } = request;
    this.requests.push({ step, headers, form: form && Object.fromEntries(form) });
    if (step in this.breakdowns) return BREAKDOWNS[this.breakdowns[step]](outgoing);
    try {
      send(outgoing, await handle(request));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refusals.push(`${step}: ${error.message}`);
      send(outgoing, error.answer);
    }
  }
}

export const random = () => randomBytes(24).toString("base64url");

function basicCredentials(header) {
  const [, encoded] = /^Basic ([A-Za-z0-9+/]+=*)$/.exec(header) ?? [];
  const pair = encoded && Buffer.from(encoded, "base64").toString().split(":");
  return pair?.length === 2 ? pair.map((part) => decodeURIComponent(part.replaceAll("+", " "))) : undefined;
}

function equal(given, wanted) {
  const [a, b] = [given ?? "", wanted].map((one) => createHash("sha256").update(one).digest());
  return timingSafeEqual(a, b);
}
