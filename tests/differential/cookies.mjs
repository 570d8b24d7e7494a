// Cookies as a browser keeps them.

/** A `Set-Cookie` line as `{name, value, attributes}`; attribute names in lower case, values as sent. */
export function parseSetCookie(line) {
  const [pair, ...rest] = line.split(/;\s*/);
  const at = pair.indexOf("=");
  const attributes = Object.fromEntries(
    rest.map((attribute) => {
      const [name, value = true] = attribute.split(/=(.*)/s);
      return [name.toLowerCase(), value];
    }),
  );
  return { name: pair.slice(0, at), value: decode(pair.slice(at + 1)), attributes };
}

/** The cookies of one browser for one server; values decoded. */
export class Jar {
  #values = new Map();

  get(name) {
    return this.#values.get(name);
  }

  set(name, value) {
    this.#values.set(name, { value });
  }

  /** Puts a value that is sent exactly as given, however broken. */
  setRaw(name, raw) {
    this.#values.set(name, { raw });
  }

  delete(name) {
    this.#values.delete(name);
  }

  /** Takes over what a response sets; an expired cookie is forgotten. */
  store(setCookies) {
    for (const { name, value, attributes } of setCookies.map(parseSetCookie)) {
      const over = attributes["max-age"] === "0" || Date.parse(attributes.expires) <= Date.now();
      if (over) this.#values.delete(name);
      else this.#values.set(name, { value });
    }
  }

  /** The `Cookie` header, or `undefined` for an empty jar. */
  header() {
    const pairs = [...this.#values].map(([name, { value, raw }]) => `${name}=${raw ?? encodeURIComponent(value)}`);
    return pairs.length > 0 ? pairs.join("; ") : undefined;
  }

  /** The CSRF token that the cookie `name` carries. */
  csrfToken(name) {
    return this.get(name)?.value?.split("|")[0];
  }
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
