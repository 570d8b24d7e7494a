//! An application that embeds Keyward: extractor and guard.

use std::time::Duration;

use axum::{
    Router,
    routing::{any, get},
};
use http::{StatusCode, header};
use keyward_axum::{EdgeSettings, Session, require_session};
use keyward_core::policy::assurance::Demand;
use keyward_core::settings::Strategy;
use keyward_testkit::Operation;

use crate::support::{App, FORM, HTML, ORIGIN, World, request};

async fn me(session: Session) -> String {
    let role = session.get("user.role").and_then(|role| role.as_str()).unwrap_or("none");
    format!("{} {} {role}", session.user_id().unwrap_or("?"), session.name().unwrap_or("?"))
}

async fn perhaps(session: Option<Session>) -> String {
    session.map_or("nobody".to_owned(), |session| session.name().unwrap_or("?").to_owned())
}

fn world(strategy: Strategy) -> World {
    let world = World::with(EdgeSettings::default(), strategy);
    let guarded =
        Router::<App>::new().route("/page", any(me)).route_layer(require_session(world.auth.clone()));
    let application =
        Router::new().route("/me", get(me)).route("/perhaps", get(perhaps)).nest("/guarded", guarded);
    world.plus(application)
}

#[tokio::test]
async fn c4_a_handler_asks_who_is_calling_by_cookie() {
    for strategy in [Strategy::Sealed, Strategy::Stored] {
        let world = world(strategy);
        let cookie = world.sign_in().await;
        let session = [("cookie", &*cookie)];
        assert_eq!(world.send(request("GET", "/me", &session, "")).await.text, "Ada Ada admin");
        assert_eq!(world.send(request("GET", "/perhaps", &session, "")).await.text, "Ada");
        assert_eq!(world.get("/perhaps").await.text, "nobody");
        world.get("/me").await.is_refused(401, "SessionRequired");
    }
}

#[tokio::test]
async fn lesson_20_a_bearer_token_is_the_cookies_value_and_nothing_looser() {
    let world = world(Strategy::Sealed);
    let cookie = world.sign_in().await;
    let token = cookie.split("; ").find_map(|pair| pair.strip_prefix("__Secure-next-auth.session-token="));
    let token = token.expect("a session cookie");
    let ask = async |value: String| {
        world.send(request("GET", "/perhaps", &[("authorization", &value)], "")).await.text
    };
    assert_eq!(ask(format!("Bearer {token}")).await, "Ada");
    assert_eq!(ask(format!("Bearer {}", token.replace('.', "%2E"))).await, "Ada");
    for lax in ["bearer ", "Bearer  ", "Bearer\t", "Token ", "Bearer: ", ""] {
        assert_eq!(ask(format!("{lax}{token}")).await, "nobody", "{lax:?}");
    }
    assert_eq!(ask(format!("Bearer {token}%zz")).await, "nobody");
    assert_eq!(ask(format!("Bearer {token} x")).await, "nobody");
}

#[tokio::test]
async fn lesson_18_an_unreadable_cookie_is_nobody() {
    let world = world(Strategy::Sealed);
    let cookie = world.sign_in().await;
    for bad in [format!("{}x", cookie), cookie.replace("token=", "token=x"), "%".to_owned()] {
        let headers = [("cookie", &*bad)];
        assert_eq!(
            world.send(request("GET", "/me", &headers, "")).await.status,
            StatusCode::UNAUTHORIZED,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_store_that_fails_is_503_and_never_nobody() {
    let world = world(Strategy::Stored);
    let cookie = world.sign_in().await;
    let session = [("cookie", &*cookie)];
    world.store.fail_all([Operation::Session]);
    for path in ["/me", "/perhaps", "/guarded/page"] {
        let answer = world.send(request("GET", path, &session, "")).await;
        answer.is_refused(503, "store_unavailable");
        assert_eq!(answer.header("retry-after"), Some("1"), "{path}");
        assert_eq!(answer.header("set-cookie"), None, "the cookie is kept");
    }
    world.store.heal();
    assert_eq!(world.send(request("GET", "/me", &session, "")).await.text, "Ada Ada admin");
}

#[tokio::test]
async fn a_guarded_route_sends_people_to_sign_in_and_scripts_a_401() {
    let world = world(Strategy::Sealed);
    world.get("/guarded/page").await.is_refused(401, "SessionRequired");

    let page = world.send(request("GET", "/guarded/page?a=b&c=%20", &[HTML], "")).await;
    assert_eq!(page.status, StatusCode::FOUND);
    let back = "https%3A%2F%2Fapp.test%2Fguarded%2Fpage%3Fa%3Db%26c%3D%2520";
    assert_eq!(page.header("location"), Some(&*format!("{ORIGIN}/api/auth/signin?callbackUrl={back}")));
    assert!(page.header("cache-control").is_some_and(|cache| cache.contains("no-store")));

    let form = world.post("/guarded/page", &[HTML, FORM], "").await;
    assert_eq!(form.header("location"), Some(&*format!("{ORIGIN}/api/auth/signin")));
}

#[tokio::test]
async fn lesson_6_the_way_back_stays_on_the_site_whatever_the_path() {
    let world = World::new();
    let catch_all =
        Router::<App>::new().route("/{*any}", get(me)).route_layer(require_session(world.auth.clone()));
    let world = world.plus(catch_all);
    for path in ["//evil.test/x", "/\\evil.test", "/%0d%0ax", "/@evil.test"] {
        let Ok(uri) = path.parse::<http::Uri>() else { continue };
        let answer = world.send(request("GET", &uri.to_string(), &[HTML], "")).await;
        let location = answer.header("location").expect("a redirect");
        let start = format!("{ORIGIN}/api/auth/signin?callbackUrl=https%3A%2F%2Fapp.test%2F");
        assert!(location.starts_with(&start), "{path}: {location}");
    }
}

#[tokio::test]
async fn a_guarded_handler_that_asks_again_costs_one_look_into_the_store() {
    let world = world(Strategy::Stored);
    let cookie = world.sign_in().await;
    let before = world.store.all_calls();
    let answer = world.send(request("GET", "/guarded/page", &[(header::COOKIE.as_str(), &cookie)], "")).await;
    assert_eq!(answer.text, "Ada Ada admin");
    assert_eq!(world.store.all_calls() - before, 1);
}

#[tokio::test]
async fn lesson_63_a_route_that_demands_more_than_a_session_gets_it_or_sends_people_to_confirm() {
    let guarded = |world: &World, demand: Demand| {
        Router::<App>::new()
            .route("/", any(me))
            .route_layer(require_session(world.auth.clone()).demanding(demand))
    };
    let world = World::new();
    let recent = Demand { within: Some(Duration::from_secs(600)), two_factors: false };
    let two = Demand { within: None, two_factors: true };
    let application =
        Router::new().nest("/recent", guarded(&world, recent)).nest("/two", guarded(&world, two));
    let world = world.plus(application);
    let cookie = world.sign_in().await;
    let session = [(header::COOKIE.as_str(), &*cookie)];
    assert_eq!(world.send(request("GET", "/recent", &session, "")).await.text, "Ada Ada admin");
    world.send(request("GET", "/two", &session, "")).await.is_refused(403, "two_factors_required");
    world.clock.advance(Duration::from_secs(600));
    world.send(request("GET", "/recent", &session, "")).await.is_refused(403, "recent_sign_in_required");
    world.get("/recent").await.is_refused(401, "SessionRequired");
    for (path, page) in [("recent", "-/confirm?"), ("two", "-/confirm?factors=2&")] {
        let browser = [(header::COOKIE.as_str(), &*cookie), HTML];
        let answer = world.send(request("GET", &format!("/{path}"), &browser, "")).await;
        let expected = format!("{ORIGIN}/api/auth/{page}callbackUrl=https%3A%2F%2Fapp.test%2F{path}");
        assert_eq!(answer.header("location"), Some(&*expected));
    }
}
