//! A refresh token stays here where a provider's metadata points into a private network.

use std::sync::Arc;

use keyward_core::{
    secret::Secret,
    vault::{ForeignTokens, RefreshFault, Refresher as _},
};
use keyward_net::OutgoingHttp;
use keyward_providers::{Cache, Entry, Provider, ProviderRefresh, RedirectTools, Settings, attempt::Sealer};
use keyward_testkit::{FakeClock, SeededRandom};
use serde_json::json;

use crate::server::{Server, answer};

#[tokio::test]
async fn lesson_70_d3_a_refresh_token_goes_to_no_private_network_that_the_metadata_names() {
    let neighbour = Server::answering(|_| answer(200, "application/json", r#"{"access_token":"a"}"#));
    for place in [
        "https://10.0.0.1/token".to_owned(),
        "https://169.254.169.254/latest".to_owned(),
        format!("http://127.0.0.1:{}/token", neighbour.port),
        format!("https://localhost:{}/token", neighbour.port),
        format!("https://[::1]:{}/token", neighbour.port),
    ] {
        let provider = provider(Some(place.clone()));
        let refused = refresh(&provider).await.expect_err("refused");
        let RefreshFault::NotSent(why) = &refused else { unreachable!("{place}: {refused:?}") };
        assert!(why.contains("has to stand in the configuration") && !why.contains("the-"), "{place}: {why}");
        assert_eq!(provider.paths(), ["/.well-known/openid-configuration"], "{place}");
    }
    assert_eq!(neighbour.connected(), 0);

    // What shows that they would have been sent: on the issuer's own origin it is used.
    let provider = provider(None);
    assert_eq!(refresh(&provider).await.expect("refreshed").access_token.expose(), "new");
    assert_eq!(provider.paths(), ["/.well-known/openid-configuration", "/token"]);
}

/// A provider whose token endpoint is there; its own if nowhere else.
fn provider(token_endpoint: Option<String>) -> Server {
    Server::own_port(move |path, port| {
        let own = format!("http://127.0.0.1:{port}");
        let json = match path {
            "/token" => json!({"access_token": "new", "token_type": "Bearer"}),
            _ => json!({
                "issuer": own,
                "authorization_endpoint": format!("{own}/authorize"),
                "token_endpoint": token_endpoint.clone().unwrap_or_else(|| format!("{own}/token")),
                "jwks_uri": format!("{own}/keys"),
            }),
        };
        answer(200, "application/json", &json.to_string())
    })
}

async fn refresh(provider: &Server) -> Result<ForeignTokens, RefreshFault> {
    let settings = Settings {
        client_id: "client".to_owned(),
        client_secret: Some(Secret::from("the-secret")),
        issuer: Some(format!("http://127.0.0.1:{}", provider.port)),
        ..Settings::default()
    };
    let tools = RedirectTools {
        http: Arc::new(OutgoingHttp::new()),
        cache: Arc::new(Cache::default()),
        clock: Arc::new(FakeClock::default()),
        random: Arc::new(SeededRandom::default()),
        sealer: Arc::new(Sealer::new(&[Secret::from("keyward-test-secret-0123456789abcdef")])),
    };
    let tokens = ForeignTokens {
        access_token: Secret::from("the-old-one"),
        refresh_token: Some(Secret::from("the-refresh-token")),
        expires: None,
    };
    let provider = Provider::new("op", &Entry::openid("op", "Op"), settings).expect("settings");
    ProviderRefresh::new(provider, tools).refresh(&tokens, "key").await
}
