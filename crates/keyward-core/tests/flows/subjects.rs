//! As whom sessions, events and tokens know somebody who has several ways in.

use keyward_core::{
    dialect::Dialect,
    event::EventKind,
    method::passkey::PasskeySettings,
    port::{Clock as _, Directory as _, Imported, ImportedUser, Imports as _},
    reply::{Page, ReplyBody},
    request::Pairs,
    settings::Strategy,
    user::{Account, AccountKey, Profile, User, UserId},
};
use keyward_testkit::{CountingHasher, SoftPasskey};
use serde_json::json;

use crate::{
    programs,
    support::{
        ADA, ALL, API, BOTH, Browser, FakeProvider, Options, PASSWORD, Person, World, build, path, text,
    },
};

const PERSON: Person<'_> = Person { id: "ada-at-hub", email: ADA };

fn world(dialect: Dialect, strategy: Strategy) -> World {
    let mut options = Options::for_programs(dialect, strategy);
    options.redirects = vec![FakeProvider::listed("hub")];
    options.passkeys = Some(PasskeySettings::default());
    options.events = EventKind::DEFAULT.to_vec();
    options.session.show = vec![(path("user.id"), "sub".to_owned())];
    build(options)
}

async fn at_back_end(browser: &mut Browser<'_>) {
    browser.world.http.json(200, &json!({"id": 7, "name": "Ada"}));
    browser.post("callback/login", &[("email", ADA), ("password", "pw")]).await;
}

/// Who the events that were told since are about, each once.
async fn told_of(world: &World) -> Vec<serde_json::Value> {
    let mut ids: Vec<_> =
        world.told().await.into_iter().map(|(_, data)| data["user"]["id"].clone()).collect();
    ids.dedup();
    ids
}

#[tokio::test]
async fn b1_f1_somebody_of_a_back_end_is_who_they_are_there_also_when_they_come_in_another_way() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = world(dialect, strategy);
            let mut first = world.browser();
            at_back_end(&mut first).await;
            first.sign_in_at("hub", &PERSON).await;
            assert_eq!(first.session().await["user"]["id"], "7", "they added an account");
            let passkey = SoftPasskey::new("adas passkey");
            first.add_passkey(&passkey).await;
            assert_eq!(told_of(&world).await, ["7"]);
            let account = AccountKey { source: "shop".to_owned(), id: "7".to_owned() };
            let here =
                world.store.standing(&account, None).await.expect("answers").owner.expect("made").user.id.0;
            assert_ne!(here, "7");
            for way in ["back end", "provider", "passkey"] {
                let mut browser = world.browser();
                match way {
                    "back end" => at_back_end(&mut browser).await,
                    "provider" => drop(browser.sign_in_at("hub", &PERSON).await),
                    _ => drop(browser.sign_in_with(&passkey).await),
                }
                assert_eq!(browser.session().await["user"]["id"], "7", "{dialect:?} {strategy:?} {way}");
                assert_eq!(told_of(&world).await, ["7"], "{way}");
                // Tokens for programs say the id here, whatever back end somebody is of.
                let shop = world.client("shop").bringing(&Pairs(browser.cookies.clone()));
                let (status, answer) = shop.post("token", json!({ "audience": API })).await;
                assert_eq!(status, 200, "{answer}");
                assert_eq!(programs::claims(&world, &answer).await["sub"], here, "{way}");
                let (_, me) = world.bearer(text(&answer, "accessToken")).get("me").await;
                assert_eq!(me["user"]["id"], here, "{way}: {me}");
            }
            world.http.json(200, &json!({"id": 7, "name": "Ada"}));
            let fields = json!({ "provider": "login", "email": ADA, "password": "pw" });
            let (status, answer) = world.program().post("sign-in", fields).await;
            assert_eq!(status, 200, "{answer}");
            assert_eq!(programs::claims(&world, &answer).await["sub"], here);
        }
    }
}

#[tokio::test]
async fn b1_whoever_was_brought_along_with_a_password_and_a_back_end_is_who_they_are_there() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let (id, now) = (UserId("u-1".to_owned()), world.clock.now());
        let ada = User { email: Some(ADA.to_owned()), email_verified: Some(now), ..User::new(id) };
        let shop = Account {
            key: AccountKey { source: "shop".to_owned(), id: "7".to_owned() },
            kind: Account::CREDENTIALS.to_owned(),
            profile: Profile::default(),
            created: now,
        };
        let hub = Account {
            key: AccountKey { source: "hub".to_owned(), id: PERSON.id.to_owned() },
            kind: "oauth".to_owned(),
            ..shop.clone()
        };
        let password_hash = Some(CountingHasher::outdated(PASSWORD));
        let ada = ImportedUser { user: ada, password_hash, accounts: vec![hub, shop], app: None };
        assert_eq!(world.store.import_users(&[ada], false, now).await.expect("answers"), [Imported::Made]);
        for way in ["password", "link", "provider"] {
            let mut browser = world.browser();
            match way {
                "password" => drop(browser.sign_in(ADA, PASSWORD).await),
                "link" => {
                    let link = browser.link("email", ADA).await;
                    browser.get(&link).await;
                }
                _ => drop(browser.sign_in_at("hub", &PERSON).await),
            }
            assert_eq!(browser.session().await["user"]["id"], "7", "{strategy:?} {way}");
            assert_eq!(told_of(&world).await, ["7"], "{way}");
        }
    }
}

#[tokio::test]
async fn who_is_of_no_back_end_is_who_they_are_here() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut browser = world.browser();
        browser.sign_in_at("hub", &PERSON).await;
        let here = world.store.user_by_email(ADA).await.expect("answers").expect("made").id.0;
        assert_eq!(browser.session().await["user"]["id"], here, "{strategy:?}");
        let link = browser.link("email", ADA).await;
        browser.get(&link).await;
        assert_eq!(browser.session().await["user"]["id"], here, "{strategy:?}");
        assert_eq!(told_of(&world).await, [here.as_str()]);
    }
}

/// Who came with a passkey before has no other way, where no links are sent.
#[tokio::test]
async fn c5_a_passkey_proves_who_adds_a_provider_unless_other_ways_are_known() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        for (ways, is_offered) in [("", true), ("&with=hub", false), ("&with=", true)] {
            let reply =
                world.browser().get(&format!("signin?error=OAuthAccountNotLinked&link=hub{ways}")).await;
            let ReplyBody::Page(Page::SignIn { passkey, callback_url, adds, .. }) = reply.body else {
                unreachable!("{dialect:?}: {:?}", reply.body)
            };
            assert_eq!((passkey.is_some(), adds.is_some()), (is_offered, true), "{dialect:?} {ways}");
            let back = callback_url.expect("a place");
            assert!(back.contains("/signin?link=hub&"), "{back}: asked to add it then");
        }
    }
}
