// Profiles as providers might write them, made from the paths of the catalogue's mappings.

/**
 * The samples of an entry by name, each a profile: `full` has every member, `later` only the last alternative of each,
 * `bare` nothing but an id, `number` an id that is a number.
 */
export function samples(entry) {
  const mapping = entry.profile ?? STANDARD;
  const special = SPECIAL[entry.id] ?? {};
  const full = merge(filled(mapping, all), special.full);
  return {
    full,
    later: merge(filled(mapping, last), special.later ?? special.full),
    bare: merge(filled({ id: mapping.id }, last), special.bare),
    number: number(structuredClone(full), first(mapping.id)),
    ...special.more,
  };
}

const STANDARD = { id: ["sub", "id"], name: ["name", "nickname", "preferred_username"], email: "email", image: "picture" };

/** What no path tells. */
const SPECIAL = {
  apple: { more: { named: { sub: "apple-1", email: "a@example.com", user: { name: { firstName: "Ada", lastName: "Lovelace" } } } } },
  bungie: {
    full: { Response: { bungieNetUser: { profilePicturePath: "/img/ada.jpg" } } },
    later: { Response: { bungieNetUser: { profilePicturePath: "img/ada.jpg" } } },
  },
  discord: {
    full: { id: "80351110224678912", avatar: "a_moving" },
    later: { id: "80351110224678912", avatar: "still" },
    bare: { avatar: null, discriminator: "1337", username: "ada" },
    more: { migrated: { id: "80351110224678912", username: "ada", avatar: null, discriminator: "0" } },
  },
  eventbrite: { full: { emails: [{ email: "second@example.com" }, { email: "First@example.com", primary: true }], image_id: "77" } },
  github: { more: { private: { id: 1, login: "ada", name: null, email: null, avatar_url: "https://img.example/1" } } },
  yandex: {
    full: { is_avatar_empty: false },
    more: { faceless: { id: "1", display_name: "Ada", is_avatar_empty: true, default_avatar_id: "0/0-0" } },
  },
};

const all = (alternatives) => alternatives;
const last = (alternatives) => alternatives.slice(-1);

function filled(mapping, choose) {
  const profile = {};
  for (const [field, expression] of Object.entries(mapping)) {
    if (field !== "email_verified") for (const path of paths(expression, choose)) set(profile, path, value(field, path));
  }
  return profile;
}

/** The paths that an expression reads. */
function paths(expression, choose) {
  if (expression === null) return [];
  if (typeof expression === "string") return expression.startsWith("@") ? [] : [expression];
  if (Array.isArray(expression)) return choose(expression.filter((one) => paths(one, choose).length)).flatMap((one) => paths(one, choose));
  if (expression.template) return [...expression.template.matchAll(/\{([^}]+)\}/g)].map(([, path]) => path).filter((path) => !path.startsWith("@"));
  if (expression.join) return expression.join.flatMap((one) => paths(one, choose));
  if ("if" in expression) return [expression.then, expression.else].flatMap((one) => paths(one, choose));
  return [];
}

const first = (expression) => (Array.isArray(expression) ? expression[0] : expression);

function value(field, path) {
  if (field === "email") return `Ada.${path}@Example.com`.replace(/[[\]]/g, "");
  if (field === "image") return `https://img.example/${path}`;
  return `${field} ${path}`;
}

function steps(path) {
  return path.split(".").flatMap((step) => step.split(/[[\]]/).filter(Boolean).map((name) => (/^\d+$/.test(name) ? Number(name) : name)));
}

function set(target, path, value) {
  const names = steps(path);
  names.forEach((name, place) => {
    const inside = names[place + 1];
    target[name] ??= inside === undefined ? value : typeof inside === "number" ? [] : {};
    target = target[name];
  });
}

function number(profile, path) {
  const names = steps(path);
  const end = names.pop();
  names.reduce((at, name) => at[name], profile)[end] = 9007199254740;
  return profile;
}

function merge(target, more) {
  if (!more) return target;
  for (const [name, value] of Object.entries(more)) {
    const deeper = value && typeof value === "object" && !Array.isArray(value) && typeof target[name] === "object";
    target[name] = deeper ? merge(target[name], value) : value;
  }
  return target;
}

/** A profile where the provider's answer has it: `pick` is the path to it. */
export function wrapped(profile, pick) {
  if (!pick) return profile;
  const answer = {};
  set(answer, pick, profile);
  return answer;
}
