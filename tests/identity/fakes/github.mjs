// As GitHub: plain OAuth 2.0, an address that may be private and then takes a second call, errors with status 200.
import { json, text } from "./http.mjs";
import { FakeProvider } from "./provider.mjs";

export class FakeGitHub extends FakeProvider {
  name = "GitHub";
  paths = {
    authorize: "/login/oauth/authorize",
    token: "/login/oauth/access_token",
    userinfo: "/api/v3/user",
    emails: "/api/v3/user/emails",
  };
  // "Iv1." and hexadecimal digits.
  client = { id: "Iv1.8a61f9b3a7aba766", secret: "0123456789abcdef0123456789abcdef01234567" };
  clientAuth = ["client_secret_basic", "client_secret_post"];
  scopes = { known: ["read:user", "user:email"], needed: ["read:user", "user:email"] };
  documented = ["login", "allow_signup", "prompt"];
  namesIssuer = true;

  get issuer() {
    return `${this.url}/login/oauth`;
  }

  routes() {
    return { ...super.routes(), [`GET ${this.paths.emails}`]: ["emails", (request) => this.emails(request)] };
  }

  async token(request) {
    const answer = await super.token(request);
    // A form is what GitHub answers to everybody who does not ask for JSON.
    if (request.headers.accept?.includes("application/json")) return answer;
    return text(200, new URLSearchParams(JSON.parse(answer.body)).toString(), "application/x-www-form-urlencoded; charset=utf-8");
  }

  async tokens(grant) {
    const { access_token, scope } = await super.tokens(grant);
    return { access_token, token_type: "bearer", scope: scope.replaceAll(" ", ",") };
  }

  tokenError(error) {
    const known = { invalid_grant: "bad_verification_code", invalid_client: "incorrect_client_credentials" };
    return json(200, { error: known[error] ?? error, error_description: "See the documentation", error_uri: "https://docs.example" });
  }

  cancelled() {
    return { error: "access_denied", error_description: "The user has denied your application access.", error_uri: "https://docs.example" };
  }

  userinfo(request) {
    this.#mustSayWhoItIs(request);
    const { number, key, name, picture, email, public: shown } = this.personOf(request, /^(?:Bearer|token) ([\w-]+)$/);
    return json(200, { id: number, login: key, name, email: shown ? email : null, avatar_url: picture });
  }

  emails(request) {
    this.#mustSayWhoItIs(request);
    const { key, email, public: shown } = this.personOf(request, /^(?:Bearer|token) ([\w-]+)$/);
    if (!this.scopeOfRequest.includes("user:email")) this.refuse("the scope user:email is missing", json(404, { message: "Not Found" }));
    return json(200, [
      { email: `${key}@second.example`, primary: false, verified: true, visibility: null },
      { email, primary: true, verified: true, visibility: shown ? "public" : "private" },
    ]);
  }

  #mustSayWhoItIs({ headers }) {
    if (!headers["user-agent"]) this.refuse("no User-Agent", text(403, "Request forbidden by administrative rules."));
  }
}
