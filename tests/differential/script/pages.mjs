// What a person sees and where they are sent: the pages, their own addresses, the codes of errors.
import { as, csrf, get, post, scenario } from "./steps.mjs";

const CODES = [
  "Configuration", "configuration", "AccessDenied", "Verification", "Default", "Signin", "OAuthSignin", "OAuthCallback",
  "OAuthCallbackError", "OAuthCreateAccount", "EmailCreateAccount", "Callback", "OAuthAccountNotLinked", "AccountNotLinked",
  "EmailSignin", "CredentialsSignin", "SessionRequired", "MissingCSRF", "some%20message", "%3Cscript%3E",
];

export default [
  scenario("the sign-in page", [
    get("/signin"),
    get("/signin?callbackUrl=/dash", { as: "with a place to go" }),
    get("/signin", { as: "afterwards" }),
    get("/signin?csrf=true", { as: "after a wrong token" }),
  ]),
  scenario("errors on the sign-in page", CODES.map((code) => get(`/signin?error=${code}`))),
  scenario("the sign-in page of one provider", [get("/signin/login"), get("/signin/nobody")]),
  scenario("errors on the error page", [get("/error"), ...CODES.map((code) => get(`/error?error=${code}`))]),
  scenario("an error in the path", [get("/error/Verification")], { only: ["next-auth-3", "next-auth-4"] }),
  scenario("the verify-request page", [get("/verify-request"), get("/verify-request?provider=email&type=email")]),
  scenario("the sign-out page", [get("/signout"), get("/signout?callbackUrl=/bye"), get("/signout?csrf=true")]),
  scenario("the pages over https", [get("/signin"), get("/signout"), get("/error?error=AccessDenied")], { setup: "secure" }),
  scenario("the pages under another base path", [
    get("/signin"),
    get("/signout"),
    get("/error?error=CredentialsSignin"),
    get("/providers"),
    csrf(),
  ], { setup: "based" }),

  scenario("starting to sign in", [
    csrf(),
    post("/signin", { form: { callbackUrl: "/dash" } }),
    post("/signin", { form: { callbackUrl: "/dash" }, jsonMode: true, as: "by JSON" }),
    post("/signin/login", { form: { callbackUrl: "/dash" } }),
    post("/signin/login", { form: { callbackUrl: "/dash" }, jsonMode: true, as: "with the provider, by JSON" }),
    post("/signin/nobody", { form: {} }),
    post("/signin/nobody", { form: {}, jsonMode: true, as: "with an unknown provider, by JSON" }),
  ]),
  scenario("starting to sign in with a wrong token", [
    csrf(),
    post("/signin", { csrf: "wrong", form: {} }),
    post("/signin/login", { csrf: "wrong", form: {}, jsonMode: true }),
  ]),

  scenario("own pages instead of the built-in ones", [
    get("/signin"),
    get("/signin/login"),
    get("/signin?callbackUrl=/dash%3Fa=1%26b=2&error=CredentialsSignin", { as: "with place and error" }),
    get("/signout"),
    get("/error"),
    get("/error?error=AccessDenied"),
    get("/error?error=Configuration"),
    get("/error?error=CredentialsSignin"),
    get("/error?error=SessionRequired"),
    get("/error?error=a%20b%26c"),
    get("/verify-request"),
    get("/verify-request?provider=email&type=email"),
  ], { setup: "pages" }),
  scenario("failures with own pages", [
    csrf(),
    post("/callback/login", { form: as("wrong"), jsonMode: true, as: "wrong password by JSON" }),
    post("/callback/login", { form: as("wrong"), as: "wrong password by form" }),
    post("/callback/login", { form: as("refused"), jsonMode: true, as: "refused by JSON" }),
    post("/callback/login", { form: as("ada"), csrf: "wrong", jsonMode: true, as: "wrong token by JSON" }),
    post("/signin", { form: {}, as: "starting" }),
    post("/signin", { form: {}, csrf: "wrong", as: "starting with a wrong token" }),
    post("/signout", { form: {}, csrf: "wrong", as: "signing out with a wrong token" }),
  ], { setup: "pages" }),
];
