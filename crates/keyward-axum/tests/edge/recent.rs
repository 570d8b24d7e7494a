//! What cannot be taken back needs a sign-in of a moment ago: a table over every way to change something about oneself, so
//! that a new one cannot forget it.

use std::time::Duration;

use http::StatusCode;
use keyward_axum::ROUTES;
use keyward_core::{
    port::{Clock as _, SignIns as _},
    user::{AccountKey, Admission, NewUser, Place, Profile, UserId, Vouched},
};

use crate::support::{Answer, FORM, HTML, World};

/// What is asked of who is signed in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Asked {
    /// That they signed in a moment ago.
    Recent,
    /// No more than their session, for this reason.
    Session(&'static str),
}

const TABLE: &[(&str, Asked)] = &[
    ("-/account", Asked::Session("name and picture can be set back")),
    (
        "-/account/sign-in/unlink",
        Asked::Session("it takes a way in away, never the last, and lets nobody in"),
    ),
    ("-/account/sessions/end", Asked::Session("whoever fears for their account is not held up")),
    ("-/account/password", Asked::Recent),
    ("-/account/email", Asked::Recent),
    ("-/account/delete", Asked::Recent),
    ("-/account/export", Asked::Recent),
    ("-/account/totp", Asked::Recent),
    ("-/account/totp/remove", Asked::Recent),
    ("-/account/totp/codes", Asked::Recent),
    ("-/account/passkeys", Asked::Recent),
    ("-/account/passkeys/remove", Asked::Recent),
    ("-/v1/account/verify-email", Asked::Session("a ticket from the mailbox is the proof")),
    ("-/v1/account/reset", Asked::Session("a ticket from the mailbox is the proof")),
    ("-/v1/account/email/return", Asked::Session("a ticket from the mailbox is the proof")),
    (
        "-/v1/account/email/confirm",
        Asked::Session("a ticket from the mailbox is the proof; asking for it was recent"),
    ),
    ("-/v1/account/password", Asked::Recent),
    ("-/v1/account/email", Asked::Recent),
    ("-/v1/account/delete", Asked::Recent),
    ("-/v1/account/export", Asked::Recent),
    ("-/v1/accounts/unlink", Asked::Session("it takes a way in away, never the last, and lets nobody in")),
];

#[tokio::test]
async fn every_way_to_change_ones_own_account_asks_for_a_recent_sign_in_or_says_why_not() {
    let ways = ROUTES.iter().filter(|spec| {
        let path = format!("{}/", spec.path);
        spec.method != "GET"
            && ["-/account/", "-/v1/account/", "-/v1/accounts/"].iter().any(|own| path.starts_with(own))
    });
    let ways: Vec<_> = ways.map(|spec| spec.path).collect();
    for (path, _) in TABLE {
        assert!(ways.contains(path), "{path} is no route");
    }
    for path in ways {
        let asked = TABLE.iter().find(|(listed, _)| *listed == path);
        let (_, asked) =
            asked.unwrap_or_else(|| unreachable!("{path} is not in the table: what does it ask for?"));
        for moments in [0, 10 * 60] {
            let answer = tried(path, Duration::from_secs(moments)).await;
            let is_sent_back = asks_for_recent(&answer);
            assert_eq!(
                is_sent_back,
                *asked == Asked::Recent && moments > 0,
                "{path} after {moments} s: {answer:?}"
            );
        }
    }
}

/// Posts there so long after signing in, with what every one of them might need.
async fn tried(path: &str, after: Duration) -> Answer {
    let world = World::new();
    // With an address and no password, so that nothing else stands in the way.
    let (key, id) =
        (AccountKey { source: "test".to_owned(), id: "Ada".to_owned() }, UserId("user-Ada".to_owned()));
    let email = Some("ada@example.com".to_owned());
    let user = NewUser { id, email, email_verified: true, name: None, image: None };
    let profile = Profile::default();
    let who = Vouched { key, kind: "oidc".to_owned(), profile, email: None, tokens: None, spent: None };
    let (who, place, until) = (Box::new(who), Place::New(user), world.clock.now());
    world.store.admit(&Admission::Vouched { who, place, until }, None, until, &[]).await.expect("answers");
    let mut cookies = world.sign_in().await;
    let csrf = world.get("/api/auth/csrf").await;
    cookies = format!("{cookies}; {}", csrf.cookies());
    world.clock.advance(after);
    let token = csrf.json()["csrfToken"].as_str().expect("a token").to_owned();
    let body = format!(
        "csrfToken={token}&email=new%40example.com&password=plum-teapot-orbit-91&new=plum-teapot-orbit-91\
         &id=x&provider=x&providerAccountId=x&name=Ada&code=123456&token=x&confirm=true"
    );
    let accept = if path.starts_with("-/v1/") { ("accept", "application/json") } else { HTML };
    world.post(&format!("/api/auth/{path}"), &[("cookie", &cookies), FORM, accept], &body).await
}

/// By a refusal, or by being sent to where one signs in or confirms.
fn asks_for_recent(answer: &Answer) -> bool {
    let place = answer.header("location").unwrap_or_default();
    let is_sent = place.contains("recent_sign_in_required") || place.contains("/-/confirm");
    is_sent || answer.status == StatusCode::FORBIDDEN && answer.text.contains("recent_sign_in_required")
}
