//! The first proof of an address ends a password that was set without one (lesson 43): whoever had it is told. By a
//! provider it is tested where those are.

use keyward_core::{
    dialect::Dialect,
    settings::{Strategy, Verification},
};
use serde_json::Value;

use crate::support::{ADA, BOTH, Browser, Options, World, build, json};

fn world(strategy: Strategy) -> World {
    build(Options { verification: Some(Verification::Off), ..Options::new(Dialect::NextAuth4, strategy) })
}

async fn subjects(world: &World) -> Vec<String> {
    world.post().await.into_iter().map(|mail| mail.subject).collect()
}

async fn kinds(browser: &mut Browser<'_>) -> Vec<String> {
    let activity = json(&browser.get("-/v1/activity").await)["activity"].clone();
    let kind = |entry: &Value| entry["kind"].as_str().expect("a kind").to_owned();
    activity.as_array().expect("entries").iter().map(kind).collect()
}

#[tokio::test]
async fn lesson_43_who_loses_a_password_by_the_first_link_that_they_follow_is_told_too() {
    for strategy in BOTH {
        let world = world(strategy);
        let mut ada = world.browser();
        ada.sign_up(ADA).await;
        world.post().await;
        for mails in [&["Ended at app.test"][..], &[]] {
            let link = ada.link("email", ADA).await;
            ada.get(&link).await;
            assert_eq!(subjects(&world).await, mails, "{strategy:?}");
        }
        assert_eq!(kinds(&mut ada).await.iter().filter(|kind| *kind == "password_ended").count(), 1);
    }
}

#[tokio::test]
async fn who_has_no_password_to_lose_is_told_of_none() {
    for strategy in BOTH {
        let world = world(strategy);
        let mut ada = world.browser();
        let link = ada.link("email", ADA).await;
        ada.get(&link).await;
        assert_eq!(subjects(&world).await, Vec::<String>::new());
        assert!(!kinds(&mut ada).await.contains(&"password_ended".to_owned()));
    }
}
