// A receiver of Keyward's hooks in Node.js, without packages: node receiver.mjs [PORT]
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const SECRET = process.env.HOOK_SECRET; // whsec_…
const TOLERANCE = 5 * 60; // seconds
const LARGEST = 1024 * 1024; // bytes

/** The whole body, or nothing if it is too large. Fails if the request is cut. */
async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) if ((size += chunk.length) <= LARGEST) chunks.push(chunk);
  return size <= LARGEST ? Buffer.concat(chunks) : undefined;
}

function verified(headers, body) {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  if (!id || Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE) return false;
  const key = Buffer.from(SECRET.replace("whsec_", ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return (headers["webhook-signature"] ?? "").split(" ").some((signature) => {
    const [version, text] = signature.split(",");
    const given = Buffer.from(text ?? "", "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

// What each hook answers: your rules.
const answers = {
  sign_in: ({ user }) => ({ allow: user.email?.endsWith("@example.com") ?? false }),
  profile_exchange: ({ profile }) => ({ allow: true, user: { role: profile.login === "ada" ? "admin" : "member" } }),
  jwt: ({ token }) => ({ token: { seenByHook: token.sub } }),
  session: ({ token }) => ({ session: { role: token.role } }),
  redirect: ({ url }) => ({ url }),
};

// What has happened (`hooks.events`). It may come twice: who must not do a thing twice keeps the webhook-id.
const events = ["signIn", "signOut", "createUser", "updateUser", "linkAccount"];

async function receive(request, say) {
  const body = await bodyOf(request);
  if (!body) return say(413, { message: "The request is too large." });
  if (!verified(request.headers, body)) return say(401, { message: "The signature does not match." });
  const { type, data } = JSON.parse(body);
  if (events.includes(type)) {
    console.log(request.headers["webhook-id"], type, data.user?.id ?? "");
    return say(200, {});
  }
  return answers[type] ? say(200, await answers[type](data)) : say(404, { message: `There is no hook ${type}.` });
}

createServer((request, response) => {
  const say = (status, answer) => {
    const text = JSON.stringify(answer);
    response.writeHead(status, { "content-type": "application/json" }).end(text);
  };
  receive(request, say).catch((error) => {
    if (!request.complete) return; // It was cut: nobody waits for an answer.
    console.error(error);
    say(500, { message: "Something went wrong." });
  });
}).listen(Number(process.argv[2] ?? 4500), "127.0.0.1");
