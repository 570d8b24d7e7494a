// Where Keyward does something else than the original on purpose. Each rule has to be used, or it goes.

const is = (...fields) => (field) => fields.includes(field);

/** The request for a person's addresses at GitHub. */
const GITHUB_LIST = {
  method: "GET",
  url: "https://api.github.com/user/emails",
  "header authorization": "Bearer the-access-token",
  "body text": "",
};

/** What the original sends to Azure DevOps, and what its own file, and Microsoft, have: by secret, for an assertion. */
const AZURE_DEVOPS = {
  "header authorization": ["Basic", undefined],
  "body client_id": [undefined, "the-client"],
  "body grant_type": ["authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
  "body assertion": [undefined, "the-code"],
  "body client_assertion": [undefined, "a client secret & more: 32 bytes"],
  "body client_assertion_type": [undefined, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"],
};

/** `{entries?, samples?, field, when?, why}`: all entries and samples where none are named. */
export const DIFFERENCES = [
  {
    field: is("url.state"),
    when: ({ original }) => original === undefined,
    why: "state is always sent, not only where the provider's defaults ask for it",
  },
  {
    field: is("url.nonce"),
    when: ({ original }) => original === undefined,
    why: "an OpenID provider always gets a nonce, but for those that do not return it",
  },
  {
    // https://developers.line.biz/en/docs/line-login/integrate-pkce/
    // https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_158081952044.html
    entries: ["line", "netsuite"],
    field: is("url.code_challenge", "url.code_challenge_method", "requests[0].body code_verifier"),
    when: ({ original, ours }) => original === undefined && ["random", "S256"].includes(ours),
    why: "PKCE is sent where the provider documents it for web applications",
  },
  {
    samples: ["bare"],
    field: is("outcome"),
    when: ({ said, ours }) => !ours && said?.startsWith("TypeError: Cannot read properties of undefined"),
    why: "a profile without an optional part is a profile without it, not a crash",
  },
  {
    entries: ["mattermost", "strava", "zoho", "zoom", "foursquare", "freshbooks", "workos"],
    samples: ["bare"],
    field: is("user.name"),
    when: ({ original, ours }) => original === "undefined undefined" && ours === null,
    why: "nobody is called `undefined undefined`",
  },
  {
    entries: ["boxyhq-saml", "fusionauth", "vk"],
    samples: ["bare"],
    field: is("user.name"),
    when: ({ original, ours }) => original === "" && ours === null,
    why: "an empty name is no name",
  },
  {
    entries: ["click-up"],
    field: is("user.image"),
    when: ({ original }) => original === null,
    why: "the picture, which the original puts under a name that nothing reads",
  },
  {
    entries: ["dribbble"],
    field: is("url.scope"),
    when: ({ original }) => original === "undefined",
    why: "a scope that is not set is not sent as the word `undefined`",
  },
  {
    entries: ["notion"],
    field: is("url.redirect_uri"),
    when: ({ original }) => original === "undefined",
    why: "the original overrides the redirect address with an option, which nobody has to set",
  },
  {
    entries: ["github"],
    samples: ["full", "later", "number"],
    field: (field) => field.startsWith("requests[2]."),
    when: ({ field, original, ours }) => original === undefined && ours === GITHUB_LIST[field.slice("requests[2].".length)],
    why: "whether a public address is proven stands in the list of addresses alone",
  },
  {
    entries: ["azure-ad", "microsoft-entra-id"],
    field: (field) => field.startsWith("requests[1]."),
    when: ({ original, ours }) => original !== undefined && ours === undefined,
    why: "the portrait is fetched where the option photo_size asks for it: it is kilobytes in each session cookie",
  },
  {
    entries: ["azure-devops"],
    field: (field) => field.startsWith("requests[0]."),
    when: ({ field, original, ours }) => {
      const [theirs, own] = AZURE_DEVOPS[field.slice("requests[0].".length)] ?? [];
      return own === ours && (theirs ?? "") === (original ?? "").replace(/^(Basic) .*/, "$1");
    },
    why: "the token request that the provider's own file describes, which the original no longer makes",
  },
  {
    entries: ["wechat"],
    field: is("requests[0].header authorization", "requests[0].body client_id"),
    when: ({ original, ours }) => (original?.startsWith("Basic ") && ours === undefined) || (original === undefined && ours === "the-client"),
    why: "WeChat reads id and secret from the address: the secret is not sent a second time",
  },
  {
    entries: ["bungie"],
    field: is("requests[1].url", "requests[1].header x-api-key"),
    when: ({ ours }) => ["https://www.bungie.net/platform/User/GetBungieAccount/4711/254/", "key"].includes(ours),
    why: "the member's id and the application's key are put into the request; the original leaves `{membershipId}`",
  },
];

export const rule = (difference) =>
  DIFFERENCES.find(
    ({ entries, samples, field, when }) =>
      (!entries || entries.includes(difference.id)) &&
      (!samples || samples.includes(difference.sample)) &&
      field(difference.field) &&
      (!when || when(difference)),
  );
