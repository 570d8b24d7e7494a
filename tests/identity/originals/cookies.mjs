// Both generations' documented setting for a provider that answers by a form post: the cookies that its answer has to
// bring back may come from another site.

/** `names` are the parts of the cookies' names behind the prefix, by NextAuth's name for each. */
export function crossSiteCookies(names) {
  const options = { httpOnly: true, sameSite: "none", path: "/", secure: true };
  return Object.fromEntries(Object.entries(names).map(([cookie, name]) => [cookie, { name: `__Secure-${name}`, options }]));
}
