// What the tests of second factors share: a person with an authenticator app, and a browser without one.
import { createHmac } from "node:crypto";

export const PASSWORD = "plum harbour velvet 42";

/** The code of an authenticator app (RFC 6238), `steps` periods from now. */
export function totp(secret, steps = 0) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac("sha1", key).update(counter).digest();
  const number = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** A browser that keeps cookies, without a screen. */
export function visitor(base, { json = false } = {}) {
  const cookies = new Map();
  const send = async (path, { form, headers = {}, method } = {}) => {
    const reply = await fetch(path.startsWith("http") ? path : `${base}${path}`, {
      method: method ?? (form ? "POST" : "GET"),
      redirect: "manual",
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(form && { "content-type": "application/x-www-form-urlencoded" }),
        ...headers,
      },
      body: form && new URLSearchParams(form).toString(),
    });
    for (const line of reply.headers.getSetCookie()) {
      const [, name, value, rest] = /^([^=]+)=([^;]*)(.*)$/.exec(line);
      if (/max-age=0/i.test(rest)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return reply;
  };
  const csrf = async () => (await (await send("/csrf")).json()).csrfToken;
  return {
    cookies,
    send,
    csrf,
    /** Sends a form with the CSRF token; gives status, place to go and body. */
    async post(path, fields = {}) {
      const form = fields instanceof Array ? fields : Object.entries(fields);
      const reply = await send(path, { form: [["csrfToken", await csrf()], ...form] });
      return { status: reply.status, location: reply.headers.get("location"), text: await reply.text(), reply };
    },
    async session() {
      const reply = await send("/session");
      return { status: reply.status, text: await reply.text() };
    },
    async page(path) {
      const reply = await send(path);
      return { status: reply.status, location: reply.headers.get("location"), text: await reply.text(), reply };
    },
  };
}

/** Signs a new person up, and sets an authenticator app up for them. Gives visitor, secret and recovery codes. */
export async function protectedPerson(base, email) {
  const browser = visitor(base);
  await browser.post("/callback/signup", { email, password: PASSWORD });
  const { secret, codes } = await setUpApp(browser);
  return { browser, secret, codes, email };
}

export async function setUpApp(browser) {
  const page = await browser.page("/-/account/totp");
  const setUp = hidden(page.text, "setUp");
  const secret = /class="secret">([^<]+)</.exec(page.text)[1].replaceAll(" ", "");
  const done = await browser.post("/-/account/totp", { setUp, code: totp(secret, -1) });
  const codes = [...done.text.matchAll(/<li><code>([^<]+)</g)].map(([, code]) => code);
  return { secret, codes, setUp, page: done };
}

export function hidden(html, name) {
  return new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1];
}
