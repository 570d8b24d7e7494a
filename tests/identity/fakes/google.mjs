// As Google: OpenID Connect with discovery, further parameters in the response, further claims in the ID token.
import { FakeOpenIdProvider } from "./openid.mjs";

export class FakeGoogle extends FakeOpenIdProvider {
  name = "Google";
  client = { id: "4711-abc.apps.googleusercontent.example", secret: "GOCSPX-4711_abc-def" };
  clientAuth = ["client_secret_basic", "client_secret_post"];
  documented = ["nonce", "access_type", "hd", "include_granted_scopes", "login_hint", "prompt"];
  namesIssuer = true;

  besideTheCode() {
    return { scope: "email profile openid", authuser: "0", prompt: "consent" };
  }

  claims(person) {
    const [given_name, ...family] = person.name.split(" ");
    return { ...super.claims(person), hd: "example.com", given_name, family_name: family.join(" "), locale: "en" };
  }
}
