// What the OpenAPI file says of success, against the answers of the running server: people, programs and an operator do
// everything that it describes, with links out of real mails, a provider and a second factor.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { PASSWORD as PROTECTED_PASSWORD, protectedPerson } from "../factors/people.mjs";
import { FakeGoogle } from "../identity/fakes/google.mjs";
import { PEOPLE } from "../identity/fakes/people.mjs";
import { forKeyward } from "../identity/providers.mjs";
import { Visitor } from "../identity/visitor.mjs";
import { linkIn, mailTable, partsOf } from "../recovery/setup.mjs";
import { startExim } from "../support/exim.mjs";
import { AUDIENCE, CLIENT, PASSWORD, startTogether } from "./program.mjs";
import { inEnvironment } from "./schemathesis.mjs";

const ORIGIN = "https://app.test";
const NEW_PASSWORD = "brass lantern otter 47";
const OPERATOR = { authorization: "Bearer nB4-7rTq_w2LxZ8sVd0kEy6JcUf1HmPa" };
const APPLICATION = { authorization: `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString("base64")}` };

test("f1 every success that the OpenAPI file describes is answered as described", async (t) => {
  const world = await openWorld(t);
  const { described, answers } = world;
  for (const play of [programs, exchanges, links, account, waysIn, operator]) await play(world);

  const successes = described.flatMap(({ operationId, responses }) =>
    Object.keys(responses).filter((status) => status < 400).map((status) => `${operationId} ${status}`),
  );
  assert.ok(successes.length > described.length, "a sign-up may succeed in two ways");
  const seen = new Set(answers.map(({ operation, status }) => `${operation} ${status}`));
  assert.deepEqual(successes.filter((success) => !seen.has(success)), [], "never seen");
  assert.deepEqual(await strays(world, answers), []);

  // The check does see what is not so.
  const spoilt = [
    answer("signOut", { signedOut: false }),
    answer("unlinkAccount", { unlinked: true, more: 1 }),
    answer("returnEmail", { done: true, reset: { token: "only" } }),
    answer("me", {}),
    { ...answer("exchange", {}), status: 201 },
    { ...answer("verifyEmail", { sent: true }), headers: [["content-type", "text/html"]] },
  ];
  const found = (await strays(world, spoilt)).map(({ operation }) => operation);
  assert.deepEqual(found, spoilt.map(({ operation }) => operation));
});

/** Tokens by fields, by a second factor, for a session; an end of them. */
async function programs({ keyward, quiet, ask, visitor }) {
  const ada = { email: "ada@example.com", password: PASSWORD };
  await ask("openApi");
  await ask("keySet");
  await ask("signUp", { members: { ...ada, name: "Ada" } });
  const signInNext = await ask("signUp", { by: visitor(quiet), members: ada });
  assert.deepEqual(signInNext, { signIn: true });
  const { refreshToken } = await ask("signIn", { members: ada });
  const next = await ask("refresh", { members: { refreshToken } });
  const { user } = await ask("me", { headers: { authorization: `Bearer ${next.accessToken}` } });
  assert.equal(user.email, ada.email);
  await ask("signOut", { members: { refreshToken: next.refreshToken } });

  const { email, codes } = await protectedPerson(`${keyward.url}/api/auth`, "protected@example.com");
  const { error, pending } = await ask("signIn", { members: { email, password: PROTECTED_PASSWORD } });
  assert.equal(error, "SecondFactorRequired");
  const shown = await ask("showFactor", { members: { pending, code: codes[0] } });
  assert.equal(shown.user?.email, email, JSON.stringify(shown));
}

/** A sign-in at a provider that an application saw, and one that the provider signed; what the session then holds. */
async function exchanges({ google, ask, visitor }) {
  const profile = google.claims(PEOPLE.mary);
  await ask("exchange", { headers: APPLICATION, members: { provider: "google", profile } });
  const nonce = "a nonce that nobody guesses";
  const idToken = await google.idToken({ query: new URLSearchParams({ nonce }), person: PEOPLE.joan }, "none");
  const { user } = await ask("exchange", { members: { provider: "google", idToken, nonce } });
  assert.equal(user.name, PEOPLE.joan.name);

  const hedy = visitor();
  await hedy.signIn("google", "hedy");
  const ours = await ask("token", { by: hedy, headers: APPLICATION, members: { audience: AUDIENCE } });
  assert.equal(ours.scope, "read write");
  const theirs = await ask("token", { by: hedy, headers: APPLICATION });
  assert.ok(theirs.accessToken, "the provider's");
}

/** Every link that is mailed about an account. */
async function links({ exim, ask, visitor, signedUp }) {
  const linkTo = async (address, count) => partsOf(linkIn(await exim.mail(address, count)));
  const [email, other] = ["links@example.com", "other@example.com"];
  const person = await signedUp(email);
  assert.deepEqual(await ask("verifyEmail", { by: person, members: { email } }), { sent: true });
  assert.deepEqual(await ask("verifyEmail", { by: person, members: await linkTo(email) }), { done: true });
  assert.deepEqual(await ask("changeEmail", { by: person, members: { email: other } }), { sent: true });
  assert.deepEqual(await ask("confirmEmail", { by: person, members: await linkTo(other) }), { done: true });
  const { done, reset } = await ask("returnEmail", { by: visitor(), members: await linkTo(email, 2) });
  assert.equal(done, true);
  const choose = { ...reset, newPassword: NEW_PASSWORD };
  assert.deepEqual(await ask("resetPassword", { by: visitor(), members: choose }), { done: true });

  const forgetful = "forgetful@example.com";
  await signedUp(forgetful);
  assert.deepEqual(await ask("resetPassword", { by: visitor(), members: { email: forgetful } }), { sent: true });
  const again = { ...(await linkTo(forgetful)), newPassword: NEW_PASSWORD };
  assert.deepEqual(await ask("resetPassword", { by: visitor(), members: again }), { done: true });
}

/** What people see of themselves and change without a link. */
async function account({ ask, visitor, signedUp, signIn }) {
  const email = "account@example.com";
  const person = await signedUp(email);
  await signIn(visitor(), email);
  const { sessions } = await ask("listSessions", { by: person });
  assert.equal(sessions.length, 2);
  assert.match(await ask("sessionEvents", { by: person }), /^event: session$/m);
  const elsewhere = sessions.find(({ current }) => !current);
  assert.deepEqual(await ask("endSessions", { by: person, members: { id: elsewhere.id } }), { ended: 1 });
  const change = { password: PASSWORD, newPassword: NEW_PASSWORD };
  assert.deepEqual(await ask("changePassword", { by: person, members: change }), { done: true });
  const { activity } = await ask("listActivity", { by: person });
  assert.ok(activity.length > 2);
  const data = await ask("exportData", { by: person, members: {} });
  assert.equal(data.user.email, email);
  assert.deepEqual(await ask("deleteAccount", { by: person, members: {} }), { done: true });
}

/** An account at a provider, linked and taken away. */
async function waysIn({ ask, signedUp }) {
  const person = await signedUp("ways-in@example.com");
  await person.signIn("google", "grace");
  const { accounts } = await ask("listAccounts", { by: person });
  assert.equal(accounts.length, 1);
  const [{ provider, providerAccountId }] = accounts;
  const unlink = { provider, providerAccountId };
  assert.deepEqual(await ask("unlinkAccount", { by: person, members: unlink }), { unlinked: true });
}

/** Everything that an admin key opens. */
async function operator({ ask, visitor, signedUp, signIn }) {
  const email = "somebody@example.com";
  await signedUp(email);
  for (const browser of [visitor(), visitor()]) await signIn(browser, email);
  const act = (name, more) => ask(name, { headers: OPERATOR, ...more });
  const { users } = await act("findUsers", { query: `?email=${email}` });
  const { id } = users[0];
  await act("user", { path: { id } });
  const { claims } = await act("changeUser", { path: { id }, members: { name: "Somebody", claims: { role: "admin" } } });
  assert.deepEqual(claims, { role: "admin" });
  const { sessions } = await act("userSessions", { path: { id } });
  assert.equal(sessions.length, 3);
  const session = { id: sessions[0].id };
  assert.deepEqual(await act("changeSession", { path: session, members: { claims: { role: "guest" } } }), { changed: true });
  assert.deepEqual(await act("endSession", { path: session }), { ended: 1 });
  assert.deepEqual(await act("endUserSessions", { path: { id } }), { ended: 2 });
  const { activity } = await act("adminActivity", { query: `?user=${id}` });
  assert.ok(activity.length > 0);
  assert.deepEqual(await act("deleteUser", { path: { id } }), { deleted: true });
}

/**
 * Starts everything. Gives the described calls, `ask`, which makes one and writes down what was answered, and what the
 * plays start from.
 */
async function openWorld(t) {
  const exim = await startExim();
  t.after(() => exim.stop());
  const google = await new FakeGoogle().start({ redirectUris: [`${ORIGIN}/api/auth/callback/google`] });
  t.after(() => google.stop());
  const more = {
    admin: { keys: [OPERATOR.authorization.slice("Bearer ".length)] },
    mail: mailTable(exim),
    providers: forKeyward({ google }, { google: { refresh: true } }),
    clients: [{ ...CLIENT, audiences: [AUDIENCE], vouches_for: ["google"] }],
  };
  const accounts = { enabled: true, verification: "off" };
  const [keyward] = (await startTogether(t, 1, {}, { ...more, accounts })).processes;
  const [quiet] = (await startTogether(t, 1, {}, { ...more, accounts: { ...accounts, reveal_existing: false } })).processes;

  const visitor = ({ url } = keyward) => new Visitor({ origin: ORIGIN, url });
  const csrf = async (by) => (await (await by.send("/api/auth/csrf")).json()).csrfToken;
  const post = async (by, provider, fields) => {
    const body = new URLSearchParams({ csrfToken: await csrf(by), json: "true", ...fields });
    const response = await by.send(`/api/auth/callback/${provider}`, { method: "POST", body });
    assert.equal(response.status, 200, await response.text());
    return by;
  };
  const signedUp = (email) => post(visitor(), "signup", { email, password: PASSWORD });
  const signIn = (by, email) => post(by, "credentials", { email, password: PASSWORD });

  const file = await (await visitor().send("/api/auth/-/v1/openapi.json")).json();
  const described = Object.entries(file.paths).flatMap(([path, calls]) =>
    Object.entries(calls).map(([method, call]) => ({ ...call, method: method.toUpperCase(), path })),
  ).filter(({ operationId }) => operationId);
  const answers = [];
  async function ask(name, { by = visitor(), path = {}, query = "", headers, members } = {}) {
    const call = described.find(({ operationId }) => operationId === name);
    const place = call.path.replace(/\{(\w+)\}/g, (_, part) => path[part]);
    const wantsCsrf = call.security.some((way) => "csrf" in way);
    const fields = members && { ...(wantsCsrf && { csrfToken: await csrf(by) }), ...members };
    const response = await by.send(`/api/auth/-/v1${place}${query}`, {
      method: call.method,
      headers: { ...(fields && { "content-type": "application/json" }), ...headers },
      body: fields && JSON.stringify(fields),
    });
    const isStream = response.headers.get("content-type") === "text/event-stream";
    const content = isStream ? await firstOf(response) : await response.text();
    answers.push({ operation: name, path, status: response.status, headers: [...response.headers], content });
    return isStream ? content : JSON.parse(content);
  }
  return { keyward, quiet, exim, google, file, described, answers, ask, visitor, signedUp, signIn };
}

/** What a stream without an end says at once. */
async function firstOf(response) {
  const reader = response.body.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return Buffer.from(value).toString();
}

const answer = (operation, members) => ({
  operation,
  path: {},
  status: 200,
  headers: [["content-type", "application/json"]],
  content: JSON.stringify(members),
});

/** Those of the answers that are not as described, each with the reason. */
async function strays({ keyward, file }, answers) {
  const at = (name) => join(keyward.folder, name);
  await writeFile(at("openapi.json"), JSON.stringify(file));
  await writeFile(at("answers.json"), JSON.stringify(answers));
  const { code, said, output } = await inEnvironment("python3", ["-m", "answers", at("openapi.json"), at("answers.json")]);
  assert.equal(code, 0, output);
  return JSON.parse(said);
}
