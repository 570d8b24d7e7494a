//! What another site could make a browser post: each action that asks for the token of a page of ours (protocol notes
//! §3), tried without it.

use keyward_core::{
    dialect::Dialect,
    method::passkey::PasskeySettings,
    reply::{Page, Reply, ReplyBody},
    request::{Body, Method, Pairs},
    settings::{Strategy, Verification},
};
use serde_json::{Map, Value, json};

use crate::support::{ADA, ALL, Browser, FakeProvider, Options, PASSWORD, World, build};

#[tokio::test]
async fn nothing_that_asks_for_the_token_is_done_without_it() {
    for dialect in ALL {
        for (target, fields, refusal) in gated(dialect) {
            let world = a_world(dialect);
            let mut browser = world.browser();
            browser.sign_up(ADA).await;
            let name = dialect.cookie_names(false).csrf;
            let forgeries = forgeries(&world, name, &mut browser).await;
            let before = (world.store.writes(), browser.session().await);
            world.limits.taken();
            for forgery in forgeries {
                let shown = format!("{dialect:?} {target} with {}", forgery.what);
                let mut forged = world.browser();
                forged.cookies = browser.cookies.iter().filter(|(other, _)| other != name).cloned().collect();
                forged.cookies.extend(forgery.cookie.map(|cookie| (name.to_owned(), cookie)));
                let reply = post(&mut forged, target, &fields, forgery.token.as_deref()).await;
                assert_eq!(heard(&reply), told(dialect, refusal), "{shown}");
                for cookie in &reply.cookies {
                    let harmless = ["csrf-token", "callback-url"].iter().any(|part| cookie.contains(part));
                    assert!(harmless, "{shown}: {cookie}");
                }
            }
            let shown = format!("{dialect:?} {target}");
            assert_eq!(world.store.writes(), before.0, "{shown} wrote something");
            assert_eq!(world.mail.sent().len(), 0, "{shown} sent something");
            assert_eq!(world.http.calls().len(), 0, "{shown} asked somebody");
            assert_eq!(world.limits.taken(), [], "{shown} used something up");
            assert_eq!(browser.session().await["user"], before.1["user"], "{shown}");

            // And with the right one the same request comes further.
            let token = browser.csrf().await;
            let reply = post(&mut browser, target, &fields, Some(&token)).await;
            assert_ne!(heard(&reply), told(dialect, refusal), "{shown}");
        }
    }
}

/// How it is said that the token is missing.
#[derive(Clone, Copy)]
enum Told {
    /// By the sign-in page.
    SignIn,
    /// By the sign-out page.
    SignOut,
    /// `update()` gets no session.
    Update,
    /// By the page that the form stood on.
    Page,
    /// By the page about factors that the form stood on.
    Factors(&'static str),
    /// By an answer of one of our own calls.
    Call,
    /// As a passkey is refused.
    Passkey,
}

/// Every action with a token, in a request that would do something.
fn gated(dialect: Dialect) -> Vec<(&'static str, Value, Told)> {
    let typed = json!({"email": ADA, "password": PASSWORD});
    let new = json!({"email": "eve@example.com", "password": PASSWORD});
    let code = json!({"code": "123456"});
    let all = json!({"all": true});
    let account = json!({"provider": "hub", "providerAccountId": "7"});
    let mut gated = vec![
        ("signin/login", json!({}), Told::SignIn),
        ("signin/hub", json!({}), Told::SignIn),
        ("signin/email", json!({"email": ADA}), Told::SignIn),
        ("callback/credentials", typed.clone(), Told::SignIn),
        ("callback/signup", new, Told::SignIn),
        ("callback/login", typed.clone(), Told::SignIn),
        ("signout", json!({}), Told::SignOut),
        ("-/account", json!({"name": "Eve"}), Told::Page),
        ("-/account/sign-in/unlink", account.clone(), Told::Page),
        ("-/account/sessions/end", json!({"others": "yes"}), Told::Page),
        ("-/v1/accounts/unlink", account, Told::Call),
        ("-/v1/sessions/end", all, Told::Call),
        ("-/factor", code.clone(), Told::Factors("-/factor")),
        ("-/confirm", typed, Told::Factors("-/confirm")),
        ("-/account/totp", code, Told::Factors("-/account/totp")),
        ("-/account/totp/remove", json!({}), Told::Factors("-/account/totp")),
        ("-/account/totp/codes", json!({}), Told::Factors("-/account/totp")),
        ("-/account/passkeys", json!({"data": "{}"}), Told::Factors("-/account/passkeys")),
        ("-/account/passkeys/remove", json!({"id": "x"}), Told::Factors("-/account/passkeys")),
        ("callback/passkey", json!({"action": "register", "data": "{}"}), Told::Passkey),
    ];
    for (page, call) in [
        ("-/verify-email", "-/v1/account/verify-email"),
        ("-/reset", "-/v1/account/reset"),
        ("-/change-email", "-/v1/account/email/confirm"),
        ("-/return-email", "-/v1/account/email/return"),
        ("-/account/password", "-/v1/account/password"),
        ("-/account/email", "-/v1/account/email"),
        ("-/account/export", "-/v1/account/export"),
        ("-/account/delete", "-/v1/account/delete"),
    ] {
        let filled = json!({
            "email": ADA, "password": PASSWORD, "newPassword": "brass-lantern-otter-47",
            "token": "t", "for": ADA,
        });
        gated.push((page, filled.clone(), Told::Page));
        gated.push((call, filled, Told::Call));
    }
    // Generation 3 has no `update()`.
    if dialect != Dialect::NextAuth3 {
        gated.push(("session", json!({"data": {"name": "Eve"}}), Told::Update));
    }
    gated
}

/// Status, and where the person is sent or what is said.
fn told(dialect: Dialect, told: Told) -> (u16, String) {
    let url = |path: &str| format!("http://app.test/api/auth/{path}");
    match (told, dialect) {
        (Told::SignIn | Told::SignOut, Dialect::AuthJs5) => (200, url("signin?error=MissingCSRF")),
        (Told::SignIn, _) => (200, url("signin?csrf=true")),
        (Told::SignOut, _) => (200, url("signout?csrf=true")),
        (Told::Update, _) => (400, dialect.empty_session().to_owned()),
        (Told::Page | Told::Call, _) => (403, "MissingCSRF".to_owned()),
        (Told::Factors(page), _) => (401, url(&format!("{page}?error=MissingCSRF"))),
        (Told::Passkey, Dialect::AuthJs5) => (200, url("signin?error=CredentialsSignin&code=MissingCSRF")),
        (Told::Passkey, _) => (401, url("error?error=MissingCSRF")),
    }
}

/// The same, as it was answered.
fn heard(reply: &Reply) -> (u16, String) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let said = match &reply.body {
        ReplyBody::Json(body) => {
            let answer: Value = serde_json::from_str(body).expect("JSON");
            text(&answer["error"]).or_else(|| text(&answer["url"])).unwrap_or_else(|| body.clone())
        }
        ReplyBody::Page(Page::Account(page)) => page.error.clone().unwrap_or_default(),
        ReplyBody::Page(Page::Recovery(page)) => page.error.clone().unwrap_or_default(),
        other => format!("{other:?}"),
    };
    (reply.status, said)
}

/// A token and a CSRF cookie that do not belong together.
struct Forgery {
    what: &'static str,
    token: Option<String>,
    cookie: Option<String>,
}

async fn forgeries(world: &World, name: &str, browser: &mut Browser<'_>) -> Vec<Forgery> {
    let cookie_of = |browser: &Browser<'_>| {
        let cookie = browser.cookies.iter().find(|(other, _)| other == name);
        Some(cookie.expect("a CSRF cookie").1.clone())
    };
    let mut other = world.browser();
    let (own, others) = (Some(browser.csrf().await), Some(other.csrf().await));
    let (cookie, others_cookie) = (cookie_of(browser), cookie_of(&other));
    let wrong = Some("0".repeat(64));
    vec![
        Forgery { what: "no token", token: None, cookie: cookie.clone() },
        Forgery { what: "a wrong token", token: wrong, cookie: cookie.clone() },
        Forgery { what: "another's token", token: others, cookie },
        Forgery { what: "no cookie", token: own.clone(), cookie: None },
        Forgery { what: "another's cookie", token: own, cookie: others_cookie },
    ]
}

fn a_world(dialect: Dialect) -> World {
    let mut options = Options {
        verification: Some(Verification::Off),
        passkeys: Some(PasskeySettings::default()),
        redirects: vec![FakeProvider::listed("hub")],
        ..Options::new(dialect, Strategy::Stored)
    };
    options.session.update = vec!["name".to_owned()];
    let world = build(options);
    world.http.json(200, &json!({"id": "u7"}));
    world
}

/// Texts alone as a form; other values only JSON has.
async fn post(browser: &mut Browser<'_>, target: &str, fields: &Value, token: Option<&str>) -> Reply {
    let mut fields: Map<String, Value> = fields.as_object().expect("an object").clone();
    fields.insert("json".to_owned(), "true".into());
    fields.extend(token.map(|token| ("csrfToken".to_owned(), token.into())));
    let texts: Option<Vec<_>> =
        fields.iter().map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
    let body = texts.map_or_else(|| Body::Json(fields), |texts| Body::Form(Pairs(texts)));
    browser.send(Method::Post, target, body).await
}
