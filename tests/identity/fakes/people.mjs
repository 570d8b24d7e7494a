// Who has an account with the fake providers.

const person = (number, key, name) => ({
  number,
  key,
  name,
  email: `${key}@example.com`,
  picture: `https://pictures.example/${key}.png`,
});

/** Everybody by key. Each has the same address with every provider. */
export const PEOPLE = Object.fromEntries(
  [
    person(1, "ada", "Ada Lovelace"),
    person(2, "grace", "Grace Hopper"),
    person(3, "katherine", "Katherine Johnson"),
    person(4, "mary", "Mary Jackson"),
    person(5, "joan", "Joan Clarke"),
    person(6, "radia", "Radia Perlman"),
    person(7, "unicode", "Ädá Løvelace 🧮"),
    person(8, "hedy", "Hedy Lamarr"),
    person(9, "annie", "Annie Easley"),
    person(11, "margaret", "Margaret Hamilton"),
    // Shows their address to everybody, where the provider lets them.
    { ...person(12, "dorothy", "Dorothy Vaughan"), public: true },
    // Their address stays with the provider.
    { ...person(10, "silent", "Nobody's Business"), email: undefined },
  ].map((one) => [one.key, one]),
);
