//! What signing in through providers tells the deployment (protocol notes §8.3).

use keyward_core::{
    event::EventKind,
    port::{Clock, Outbox, Settled},
};
use serde_json::{Value, json};

use crate::{
    support::{ALL, BOTH, Options, World, build},
    upstream::{ADA, Person},
};

const UNSURE: Person = Person { email_verified: false, ..ADA };

fn telling(options: Options) -> World {
    build(Options { events: EventKind::DEFAULT.to_vec(), ..options })
}

/// Types and data of what was told since the last time.
async fn told(world: &World) -> Vec<(String, Value)> {
    let (store, now) = (world.store.inner(), world.clock.now());
    let mut told = Vec::new();
    for event in
        store.due_events(now, now.plus(std::time::Duration::from_secs(60)), 100).await.expect("answers")
    {
        store.settle_event(&event, Settled::Delivered).await.expect("answers");
        let mut body: Value = serde_json::from_str(&event.body).expect("JSON");
        told.push((body["type"].as_str().expect("a type").to_owned(), body["data"].take()));
    }
    told
}

fn kinds(told: &[(String, Value)]) -> Vec<&str> {
    told.iter().map(|(kind, _)| kind.as_str()).collect()
}

#[tokio::test]
async fn c6_who_comes_for_the_first_time_is_told_of_as_created_linked_and_signed_in() {
    for dialect in ALL {
        for strategy in BOTH {
            for provider in ["hub", "op", "post"] {
                let world = telling(Options::new(dialect, strategy));
                world.browser().sign_in(provider, &ADA).await;
                let first = told(&world).await;
                let case = format!("{dialect:?} {strategy:?} {provider}: {first:?}");
                assert_eq!(kinds(&first), ["createUser", "linkAccount", "signIn"], "{case}");
                let id = &first[0].1["user"]["id"];
                let account = &first[1].1["account"];
                assert_eq!(account["provider"], provider, "{case}");
                assert_eq!(account["providerAccountId"], ADA.id, "{case}");
                assert_eq!(account.as_object().map(serde_json::Map::len), Some(3), "no tokens: {case}");
                assert_eq!(first[1].1["profile"]["id"], ADA.id, "as the provider knows them: {case}");
                for (_, data) in &first {
                    assert_eq!(
                        (&data["user"]["id"], &data["user"]["email"]),
                        (id, &json!(ADA.email)),
                        "{case}"
                    );
                }
                assert_eq!(first[2].1["isNewUser"], true, "{case}");
                assert!(first[2].1["profile"].is_object(), "as the provider wrote it: {case}");

                world.browser().sign_in(provider, &ADA).await;
                let second = told(&world).await;
                assert_eq!(kinds(&second), ["signIn"], "{case}");
                assert_eq!((&second[0].1["isNewUser"], &second[0].1["user"]["id"]), (&json!(false), id));
            }
        }
    }
}

#[tokio::test]
async fn c6_c5_an_account_that_is_added_is_told_of_as_linked_to_who_added_it() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = telling(Options::new(dialect, strategy));
            let mut browser = world.browser();
            browser.sign_in("hub", &ADA).await;
            let id = told(&world).await[0].1["user"]["id"].clone();
            let other = Person { id: "a-2", name: "A.", email: "other@example.com", email_verified: true };
            browser.sign_in("op", &other).await;
            let told = told(&world).await;
            assert_eq!(kinds(&told), ["linkAccount", "signIn"], "{dialect:?} {strategy:?}");
            assert_eq!(
                (&told[0].1["user"]["id"], &told[0].1["profile"]["email"]),
                (&id, &json!(other.email))
            );
            assert_eq!((&told[1].1["user"]["id"], &told[1].1["isNewUser"]), (&id, &json!(false)));
        }
    }
}

#[tokio::test]
async fn c6_lesson_43_the_first_proof_of_an_address_is_told_as_an_update_of_the_user() {
    let options = Options::new(ALL[1], BOTH[0]);
    let world = telling(Options { dangerous: true, ..options });
    world.browser().sign_up(ADA.email).await;
    told(&world).await;
    world.browser().sign_in("op", &ADA).await;
    let told = told(&world).await;
    assert_eq!(kinds(&told), ["updateUser", "linkAccount", "signIn"]);
    assert_eq!(told[0].1["user"]["emailVerified"], world.clock.now().iso());
}

#[tokio::test]
async fn who_is_refused_or_turns_back_is_told_of_by_nothing() {
    let world = telling(Options::new(ALL[1], BOTH[0]));
    world.browser().sign_up(ADA.email).await;
    told(&world).await;
    let mut browser = world.browser();
    browser.sign_in("op", &UNSURE).await;
    browser.depart("hub", "/dash").await;
    assert_eq!(kinds(&told(&world).await), [] as [&str; 0]);
}

#[tokio::test]
async fn c6_a_decision_that_is_made_again_is_told_once() {
    let world = telling(Options::new(ALL[1], BOTH[0]));
    world.store.change_next(2);
    world.browser().sign_in("hub", &ADA).await;
    assert_eq!(kinds(&told(&world).await), ["createUser", "linkAccount", "signIn"]);
}
