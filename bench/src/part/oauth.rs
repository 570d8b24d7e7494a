//! (d): signing in with a provider, from `POST signin` to the redirect with the session cookie.

use serde_json::json;

use crate::{
    Bench, Result,
    http::Answer,
    provider::{CLIENT_ID, CLIENT_SECRET, Provider},
    report::Report,
    server::Server,
    sign_in::{Way, beside_auth_js},
};

/// Plain OAuth 2.0 with a userinfo endpoint, then OpenID Connect with an ID token.
pub(crate) fn sign_in(bench: &Bench, report: &mut Report) -> Result {
    for (id, what) in [("plain", "(d) OAuth 2.0"), ("openid", "(d) OpenID Connect")] {
        let provider = Provider::start()?;
        let keyward = Server::keyward_for_auth_js(&bench.programs, &tables(provider.url()))?;
        let client = json!({ "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET });
        let ways = json!({ "client": client, "provider": provider.url() });
        let auth_js = Server::auth_js(&bench.programs, ways.clone())?;
        let next_auth = Server::next_auth(&bench.programs, &ways)?;
        let others = [&auth_js, &next_auth];
        beside_auth_js(bench, report, what, &keyward, others, &At { id, provider: &provider })?;
    }
    Ok(())
}

/// The provider under one of its two ids.
struct At<'p> {
    id: &'static str,
    provider: &'p Provider,
}

impl Way for At<'_> {
    fn id(&self) -> &str {
        self.id
    }

    fn fields(&self, _person: usize) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn elsewhere(&self, person: usize, answer: &Answer) -> Result<String> {
        let request = answer.header("location").ok_or("no redirect to the provider")?;
        Ok(self.provider.authorize(request, self.id, person)?.into())
    }

    fn refused(&self) -> String {
        self.provider.refused()
    }
}

/// Both ids, as Keyward's configuration has them.
fn tables(provider: &str) -> String {
    let client = format!("client_id = \"{CLIENT_ID}\"\nclient_secret = \"{CLIENT_SECRET}\"\n");
    format!(
        "[[providers]]\nid = \"plain\"\ntype = \"oauth\"\nname = \"Plain\"\n{client}\
         authorization_endpoint = \"{provider}/authorize\"\ntoken_endpoint = \"{provider}/token\"\n\
         userinfo_endpoint = \"{provider}/userinfo\"\nscope = \"profile email\"\n\
         profile = {{ id = \"sub\", name = \"name\", email = \"email\", image = \"picture\" }}\n\
         [[providers]]\nid = \"openid\"\ntype = \"oidc\"\nname = \"OpenID\"\nissuer = \"{provider}\"\n{client}"
    )
}
