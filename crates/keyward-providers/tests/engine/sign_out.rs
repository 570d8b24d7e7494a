//! Signing out: here, at the provider, or both.

use keyward_core::settings::{SignOutScope, Strategy};
use keyward_testkit::Operation;
use url::Url;

use crate::{
    support::{ALL, BOTH, Browser, Options, World, build, json, location},
    upstream::{ADA, Wrong},
};

fn deployment(scope: SignOutScope, strategy: Strategy) -> Vec<World> {
    let options = |dialect| Options { sign_out: scope, ..Options::new(dialect, strategy) };
    ALL.into_iter().map(|dialect| build(options(dialect))).collect()
}

async fn sign_out(browser: &mut Browser<'_>) -> Url {
    let reply = browser.post("signout", &[("callbackUrl", "/bye")]).await;
    assert_eq!(reply.status, 200, "{:?}", reply.refused);
    json(&reply)["url"].as_str().expect("a url").parse().expect("absolute")
}

#[tokio::test]
async fn signing_out_stays_here_unless_the_provider_is_asked_for() {
    for strategy in BOTH {
        for world in deployment(SignOutScope::Local, strategy) {
            let mut browser = world.browser();
            browser.sign_in("op", &ADA).await;
            assert_eq!(sign_out(&mut browser).await.as_str(), "https://app.test/bye");
            assert!(!browser.is_signed_in().await);
        }
    }
}

#[tokio::test]
async fn both_ends_our_session_and_sends_the_person_to_end_theirs() {
    for strategy in BOTH {
        for world in deployment(SignOutScope::Both, strategy) {
            let mut browser = world.browser();
            browser.sign_in("op", &ADA).await;
            let url = sign_out(&mut browser).await;
            let parameter =
                |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
            assert_eq!((url.host_str(), url.path()), (Some("op.example"), "/logout"));
            assert_eq!(parameter("x").as_deref(), Some("1"));
            assert_eq!(parameter("client_id").as_deref(), Some("client"));
            assert_eq!(parameter("id_token_hint").map(|token| token.split('.').count()), Some(3));
            let back = "https://app.test/api/auth/-/signed-out";
            assert_eq!(parameter("post_logout_redirect_uri").as_deref(), Some(back));
            assert!(!browser.is_signed_in().await);
            // Back from there, where the person wanted to be.
            assert_eq!(location(&browser.get("-/signed-out").await), "https://app.test/bye");
        }
    }
}

#[tokio::test]
async fn upstream_leaves_our_session_alone_where_the_provider_can_end_its_own() {
    for world in deployment(SignOutScope::Upstream, Strategy::Sealed) {
        let mut browser = world.browser();
        browser.sign_in("op", &ADA).await;
        assert_eq!(sign_out(&mut browser).await.host_str(), Some("op.example"));
        assert!(browser.is_signed_in().await);
        // A plain OAuth 2.0 server has no such place: then ours ends.
        let mut other = world.browser();
        other.sign_in("hub", &crate::upstream::Person { id: "b", email: "b@example.com", ..ADA }).await;
        assert_eq!(sign_out(&mut other).await.as_str(), "https://app.test/bye");
        assert!(!other.is_signed_in().await);
    }
}

#[tokio::test]
async fn a_provider_that_is_down_keeps_nobody_signed_in() {
    for scope in [SignOutScope::Both, SignOutScope::Upstream] {
        for world in deployment(scope, Strategy::Stored) {
            let mut browser = world.browser();
            browser.sign_in("op", &ADA).await;
            world.clock.advance(std::time::Duration::from_secs(3600));
            world.upstream.does("openid-configuration", Wrong::Status(500, ""));
            assert_eq!(sign_out(&mut browser).await.as_str(), "https://app.test/bye");
            assert!(!browser.is_signed_in().await);
        }
    }
}

#[tokio::test]
async fn lesson_30_a_store_that_fails_at_signing_out_is_said_so() {
    for operation in [Operation::SessionRecord, Operation::AccountTokens, Operation::EndSession] {
        for world in deployment(SignOutScope::Both, Strategy::Stored) {
            let mut browser = world.browser();
            browser.sign_in("op", &ADA).await;
            world.store.fail_next(operation);
            assert_eq!(browser.post("signout", &[]).await.status, 503, "{operation:?}");
            assert!(browser.is_signed_in().await, "{operation:?}");
        }
    }
}
