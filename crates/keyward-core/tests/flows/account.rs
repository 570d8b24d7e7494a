//! The pages about one's own account, as a browser without a script uses them.

use keyward_core::{
    action::{Content, Tab},
    audit::AuditFilter,
    dialect::Dialect,
    reply::{AccountPage, Page, Reply, ReplyBody},
    request::{Body, Method, Pairs},
    settings::Strategy,
};

use keyward_testkit::Operation;

use crate::support::{ADA, ALL, BOTH, Browser, Options, PASSWORD, build, json, world};

fn page(reply: &Reply) -> &AccountPage {
    match &reply.body {
        ReplyBody::Page(Page::Account(page)) => page,
        other => unreachable!("no account page: {other:?} with {}", reply.status),
    }
}

fn location(reply: &Reply) -> &str {
    reply.headers.iter().find(|(name, _)| *name == "location").map(|(_, to)| &**to).expect("a redirect")
}

/// Posts a form as a page does, not in JSON mode.
async fn send(browser: &mut Browser<'_>, target: &str, fields: &[(&str, &str)]) -> Reply {
    let csrf = browser.csrf().await;
    let mut form = vec![("csrfToken".to_owned(), csrf)];
    form.extend(fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
    browser.send(Method::Post, target, Body::Form(Pairs(form))).await
}

#[tokio::test]
async fn who_is_not_signed_in_signs_in_first_and_comes_back() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        for tab in Tab::ALL {
            let reply = world.browser().get(tab.path()).await;
            assert_eq!(reply.status, 303);
            let back = tab.path().replace('/', "%2F");
            assert!(
                location(&reply).contains(&format!(
                    "callbackUrl=http%3A%2F%2Fapp.test%2Fapi%2Fauth%2F{back}&error=SessionRequired"
                )),
                "{}",
                location(&reply)
            );
        }
        let reply = send(&mut world.browser(), "-/account", &[("name", "Eve")]).await;
        assert_eq!(reply.status, 303, "nor does anybody change anything");
    }
}

#[tokio::test]
async fn a_person_changes_their_name_and_picture_and_every_session_says_it() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let (mut here, mut there) = (world.browser(), world.browser());
        here.sign_up(ADA).await;
        there.sign_in(ADA, PASSWORD).await;
        let image = "https://img.example/ada.png";
        let reply = send(
            &mut here,
            "-/account",
            &[
                ("name", " Ada\nLovelace "),
                ("image", image),
                ("email", "eve@example.com"),
                ("disabled", "true"),
            ],
        )
        .await;
        assert_eq!((reply.status, location(&reply)), (303, "http://app.test/api/auth/-/account?done=saved"));
        for browser in [&mut here, &mut there] {
            let user = &browser.session().await["user"];
            assert_eq!(
                (&user["name"], &user["image"]),
                (&"AdaLovelace".into(), &image.into()),
                "{strategy:?}"
            );
            assert_eq!(user["email"], ADA, "lesson 45");
        }
        let reply = here.get("-/account?done=saved").await;
        assert_eq!(
            (page(&reply).name.as_str(), page(&reply).own.done.as_deref()),
            ("AdaLovelace", Some("saved"))
        );
    }
}

#[tokio::test]
async fn what_is_refused_is_said_on_the_page_and_stays_in_the_form() {
    let world = world(Dialect::AuthJs5, Strategy::Sealed);
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    let reply =
        send(&mut browser, "-/account", &[("name", "Ada L."), ("image", "javascript:alert(1)")]).await;
    assert_eq!((reply.status, page(&reply).error.as_deref()), (400, Some("invalid_picture")));
    assert_eq!((page(&reply).name.as_str(), page(&reply).image.as_str()), ("Ada L.", "javascript:alert(1)"));
    let reply =
        browser.send(Method::Post, "-/account", Body::Form(Pairs(vec![("name".into(), "Eve".into())]))).await;
    assert_eq!((reply.status, page(&reply).error.as_deref()), (403, Some("MissingCSRF")));
    assert_eq!(browser.session().await["user"]["name"], "Ada");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_and_nobody_elses() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let (mut here, mut there, mut eve) = (world.browser(), world.browser(), world.browser());
        here.sign_up(ADA).await;
        there.sign_in(ADA, PASSWORD).await;
        eve.sign_up("eve@example.com").await;
        let reply = here.get("-/account/sessions").await;
        let Content::Sessions { sessions, current } = &page(&reply).own.content else { unreachable!() };
        assert_eq!(sessions.len(), 2);
        let other = sessions.iter().find(|entry| entry.id != *current).expect("the other one").id.0.clone();
        let reply = send(&mut eve, "-/account/sessions/end", &[("id", &other)]).await;
        assert_eq!(page(&reply).error.as_deref(), Some("session_unknown"), "lesson 50");
        assert!(there.is_signed_in().await);
        let reply = send(&mut here, "-/account/sessions/end", &[("id", &other)]).await;
        assert_eq!(location(&reply), "http://app.test/api/auth/-/account/sessions?done=ended");
        assert!(here.is_signed_in().await && !there.is_signed_in().await && eve.is_signed_in().await);
        there.sign_in(ADA, PASSWORD).await;
        send(&mut here, "-/account/sessions/end", &[("others", "true")]).await;
        assert!(here.is_signed_in().await && !there.is_signed_in().await);
        for empty in [&[][..], &[("id", "")], &[("id", "x"), ("others", "true")]] {
            let reply = send(&mut here, "-/account/sessions/end", empty).await;
            assert_eq!(page(&reply).error.as_deref(), Some("invalid_field"), "lesson 64");
        }
    }
}

#[tokio::test]
async fn activity_is_ones_own_a_page_after_the_other() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let (mut ada, mut eve) = (world.browser(), world.browser());
    ada.sign_up(ADA).await;
    eve.sign_up("eve@example.com").await;
    for n in 0..30 {
        send(&mut ada, "-/account", &[("name", &format!("Ada {n}"))]).await;
    }
    let first = json(&ada.get("-/v1/activity").await);
    assert_eq!(first["activity"].as_array().map(Vec::len), Some(25));
    assert_eq!(first["activity"][0]["kind"], "profile_changed");
    let second = json(&ada.get(&format!("-/v1/activity?before={}", first["before"])).await);
    assert_eq!(second["activity"].as_array().map(Vec::len), Some(7));
    assert_eq!(
        (&second["activity"][6]["kind"], &second["before"]),
        (&"user_created".into(), &serde_json::Value::Null)
    );
    let theirs = json(&eve.get("-/v1/activity?before=9999999999999999").await);
    assert_eq!(theirs["activity"].as_array().map(Vec::len), Some(2), "lesson 84");
    let nobody = world.browser().get("-/v1/activity").await;
    assert_eq!((nobody.status, json(&nobody)["error"].as_str()), (401, Some("SessionRequired")));
    let shown = ada.get("-/account/activity").await;
    let Content::Activity { records, older } = &page(&shown).own.content else { unreachable!() };
    assert_eq!((records.len(), older.is_some()), (25, true));
}

#[tokio::test]
async fn the_last_way_in_is_not_removed_and_the_page_says_so() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    let reply = browser.get("-/account/sign-in").await;
    let Content::Ways(accounts) = &page(&reply).own.content else { unreachable!() };
    assert!(accounts.has_password && accounts.accounts.is_empty());
    let fields = [("provider", "github"), ("providerAccountId", "1")];
    let reply = send(&mut browser, "-/account/sign-in/unlink", &fields).await;
    assert_eq!((reply.status, page(&reply).error.as_deref()), (404, Some("account_unknown")));
}

#[tokio::test]
async fn an_own_page_of_the_application_replaces_them_all() {
    let mut options = Options::new(Dialect::NextAuth4, Strategy::Sealed);
    options.pages.account = Some("/settings".to_owned());
    let world = build(options);
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    for tab in Tab::ALL {
        assert_eq!(location(&browser.get(tab.path()).await), "/settings");
    }
    assert_eq!(browser.get("-/v1/activity").await.status, 200);
}

#[tokio::test]
async fn a_profile_that_could_not_be_saved_is_said_not_to_be_and_half_of_it_never_is() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    for (before, name) in [(true, "Ada"), (false, "Grace")] {
        if before {
            world.store.fail_next(Operation::ChangeUser);
        } else {
            world.store.fail_after(Operation::ChangeUser);
        }
        let reply = send(&mut browser, "-/account", &[("name", "Grace")]).await;
        assert_eq!((reply.status, page(&reply).error.as_deref()), (503, Some("store_unavailable")));
        let filter = AuditFilter { kind: Some("profile_changed".to_owned()), ..AuditFilter::default() };
        let told = world.store.inner().audit(&filter, 10).await.expect("answers").len();
        let shown = browser.get("-/account").await;
        assert_eq!((page(&shown).name.as_str(), told), (name, usize::from(!before)), "both or neither");
    }
    for read in [Operation::User, Operation::SessionsOf, Operation::Audit] {
        world.store.fail_all([read]);
        for tab in Tab::ALL {
            let reply = browser.get(tab.path()).await;
            assert!([200, 503].contains(&reply.status), "{read:?} {tab:?}: {}", reply.status);
        }
        world.store.heal();
        assert!(browser.is_signed_in().await, "and the cookie is kept");
    }
}
