//! What happens where nothing fails.

use keyward_core::{
    dialect::Dialect,
    port::Limit,
    reply::{FormKind, Page, ReplyBody},
    settings::{CustomPages, Strategy},
};
use serde_json::json;

use crate::{
    support::{ALL, BOTH, Browser, Options, build, json as body, location, world},
    upstream::{ADA, Person},
};

#[tokio::test]
async fn c5_a_person_signs_in_through_every_kind_of_provider_in_every_dialect_and_strategy() {
    for dialect in ALL {
        for strategy in BOTH {
            for provider in ["hub", "op", "post"] {
                let world = world(dialect, strategy);
                let mut browser = world.browser();
                let reply = browser.sign_in(provider, &ADA).await;
                let told = format!("{dialect:?} {strategy:?} {provider}: {:?}", reply.refused);
                assert_eq!((reply.status, location(&reply)), (302, "https://app.test/dash"), "{told}");
                let user = &browser.session().await["user"];
                assert_eq!(
                    (&user["name"], &user["email"]),
                    (&json!("Ada"), &json!("ada@example.com")),
                    "{told}"
                );
                assert_eq!(browser.attempts(), [], "{told}");

                // Whoever comes again is who they were.
                let (first, mut other) = (subject(&browser).await, world.browser());
                other.sign_in(provider, &ADA).await;
                assert_eq!(subject(&other).await, first, "{told}");
            }
        }
    }
}

/// The user's id, as an application on the same host reads it.
async fn subject(browser: &crate::support::Browser<'_>) -> String {
    let cookies = browser.cookies.iter().map(|(name, value, _)| (name.clone(), value.clone())).collect();
    let cookies = keyward_core::request::Pairs(cookies);
    let view = browser.world.engine.session(&cookies, true, None).await.expect("a store").expect("a session");
    view.claims.text("sub").expect("a subject").to_owned()
}

#[tokio::test]
async fn c5_the_start_answers_with_the_authorization_request_as_json_or_as_a_redirect() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        let url = browser.depart("hub", "/dash").await;
        assert_eq!(url.origin().ascii_serialization(), "https://hub.example");
        let parameter = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
        assert_eq!(parameter("redirect_uri").as_deref(), Some("https://app.test/api/auth/callback/hub"));
        assert_eq!(parameter("code_challenge_method").as_deref(), Some("S256"));

        browser.json = false;
        let reply = browser.post("signin/hub?login_hint=ada&callbackUrl=%2Fx", &[]).await;
        assert_eq!(reply.status, 302);
        assert!(location(&reply).contains("&login_hint=ada"), "{}", location(&reply));
        assert!(!location(&reply).contains("callbackUrl"), "what is for us goes no further");
        assert_eq!(browser.attempts().len(), 2, "two tabs, two attempts");
    }
}

#[tokio::test]
async fn c5_providers_are_listed_with_type_and_addresses_in_their_order() {
    for (dialect, kind) in
        [(Dialect::NextAuth3, "oauth"), (Dialect::NextAuth4, "oauth"), (Dialect::AuthJs5, "oidc")]
    {
        let world = world(dialect, Strategy::Sealed);
        let list = body(&world.browser().get("providers").await);
        let names: Vec<_> = list.as_object().expect("an object").keys().collect();
        assert_eq!(names, ["op", "credentials", "signup", "hub", "post"]);
        assert_eq!(
            list["op"],
            json!({
                "id": "op", "name": "The Provider", "type": kind,
                "signinUrl": "https://app.test/api/auth/signin/op",
                "callbackUrl": "https://app.test/api/auth/callback/op",
            })
        );
        assert_eq!(list["hub"]["type"], "oauth");

        let page = world.browser().get("signin").await;
        let ReplyBody::Page(Page::SignIn { providers, .. }) = page.body else {
            unreachable!("{:?}", page.body)
        };
        let forms: Vec<_> = providers.iter().map(|form| form.id.as_str()).collect();
        assert_eq!(forms, ["op", "credentials", "hub", "post"]);
        assert!(matches!(providers[0].kind, FormKind::Button));
        assert_eq!(providers[0].action, "https://app.test/api/auth/signin/op");
    }
}

#[tokio::test]
async fn a_new_person_is_welcomed_once() {
    for dialect in ALL {
        let mut options = Options::new(dialect, Strategy::Sealed);
        options.pages = CustomPages { new_user: Some("/welcome".to_owned()), ..CustomPages::default() };
        let world = build(options);
        let first = world.browser().sign_in("op", &ADA).await;
        assert_eq!(location(&first), "/welcome?callbackUrl=https%3A%2F%2Fapp.test%2Fdash");
        let second = world.browser().sign_in("op", &ADA).await;
        assert_eq!(location(&second), "https://app.test/dash");
    }
}

#[tokio::test]
async fn two_tabs_end_each_where_it_began() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    let first = browser.depart("hub", "/first").await;
    let second = browser.depart("hub", "/second").await;
    let (first, second) = (world.upstream.agree(&first, &ADA), world.upstream.agree(&second, &ADA));
    assert_eq!(location(&browser.arrive("hub", &first).await), "https://app.test/first");
    assert_eq!(location(&browser.arrive("hub", &second).await), "https://app.test/second");
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_form_post_from_another_site_leaves_the_cookies_alone_that_it_does_not_bring() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        let url = browser.depart("post", "/dash").await;
        let kept = |cookies: &[(String, String, bool)]| -> Vec<_> {
            let ours = ["csrf", "callback-url"];
            cookies.iter().filter(|(name, ..)| ours.iter().any(|own| name.contains(own))).cloned().collect()
        };
        let before = kept(&browser.cookies);
        assert_eq!(before.len(), 2);
        let response = world.upstream.agree(&url, &ADA);
        let reply = browser.arrive("post", &response).await;
        assert_eq!(location(&reply), "https://app.test/dash");
        assert_eq!(kept(&browser.cookies), before);
    }
}

#[tokio::test]
async fn a_form_post_from_another_site_replaces_a_session_in_pieces_that_it_does_not_bring() {
    for dialect in [Dialect::NextAuth4, Dialect::AuthJs5] {
        let mut options = Options::new(dialect, Strategy::Sealed);
        options.keep = vec![("big".to_owned(), vec!["account".to_owned(), "big".to_owned()])];
        let world = build(options);
        world.upstream.hands_out(json!({"big": "x".repeat(20_000)}));
        let mut browser = world.browser();
        // To sign in, not to add an account: another tab is signed in meanwhile.
        let url = browser.depart("post", "/dash").await;
        browser.sign_in("hub", &ADA).await;
        let pieces = |browser: &Browser<'_>| {
            browser.cookies.iter().filter(|(name, ..)| name.contains("session-token.")).count()
        };
        assert!(pieces(&browser) > 4, "{dialect:?}: {}", pieces(&browser));
        world.upstream.hands_out(json!({}));
        // Who adds an account keeps all of it.
        browser.sign_in("post", &Person { id: "ada-2", ..ADA }).await;
        assert!(pieces(&browser) > 4, "{dialect:?}: {}", pieces(&browser));
        assert_eq!(browser.session().await["user"]["name"], "Ada", "{dialect:?}");
        let bob = Person { id: "bob-1", name: "Bob", email: "bob@example.com", ..ADA };
        let response = world.upstream.agree(&url, &bob);
        browser.arrive("post", &response).await;
        assert_eq!(browser.session().await["user"]["name"], "Bob", "{dialect:?}");
        assert_eq!(browser.cookies.iter().filter(|(name, ..)| name.contains("session-token")).count(), 1);
    }
}

#[tokio::test]
async fn a1_what_is_kept_of_account_and_profile_is_in_the_session() {
    let mut options = Options::new(Dialect::NextAuth4, Strategy::Sealed);
    let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
    options.keep =
        [("accessToken", "account.access_token"), ("login", "profile.login"), ("sub", "profile.name")]
            .map(|(field, from)| (field.to_owned(), path(from)))
            .to_vec();
    let world = build(options);
    let mut browser = world.browser();
    browser.sign_in("hub", &ADA).await;
    let session = browser.session().await;
    assert_eq!((&session["accessToken"], &session["login"]), (&json!("at-ada-1"), &json!("ada")));
    assert_ne!(session["sub"], "Ada", "lesson 45: what the token is made of is nobody's to set");
}

#[tokio::test]
async fn an_attempt_draws_on_the_address_once() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    world.browser().sign_in("hub", &ADA).await;
    assert_eq!(world.limits.taken(), [(Limit::SignInPerAddress, "127.0.0.1".to_owned())]);
}

#[tokio::test]
async fn lesson_37_a_head_request_uses_nothing_up() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    let url = browser.depart("hub", "/dash").await;
    let response = world.upstream.agree(&url, &ADA);
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&response).finish();
    assert_eq!(browser.head(&format!("callback/hub?{query}")).await.status, 200);
    assert_eq!(world.upstream.calls(), Vec::<String>::new());
    assert_eq!(location(&browser.arrive("hub", &response).await), "https://app.test/dash");
}
