//! GitHub: whose address is public says no less of its proof than whose address is not.

use std::sync::Arc;

use keyward_core::{port::Directory as _, user::UserId};
use serde_json::json;

use crate::{
    hostile::op::Op,
    support::{ALL, BOTH, Browser, Options, World, build, location},
};

const ADA: &str = "ada@example.com";

#[tokio::test]
async fn lesson_43_who_came_by_github_keeps_that_account_when_she_follows_a_link_by_mail() {
    for dialect in ALL {
        for strategy in BOTH {
            for shown in [Some(ADA), None] {
                let told = format!("{dialect:?} {strategy:?} {shown:?}");
                let mut op = Op::github(shown);
                op.emails.1 = json!([
                    {"email": "second@example.com", "verified": true},
                    {"email": ADA, "primary": true, "verified": true},
                ]);
                let op = Arc::new(op);
                let options = Options::new(dialect, strategy);
                let world = build(Options { op: Some(op.clone()), links: true, ..options });
                let mut ada = world.browser();
                come_by_github(&mut ada, &op).await;
                let made = the_user(&world).await;

                follow_link(&mut world.browser()).await;
                assert!(ada.is_signed_in().await, "{told}: the session of her own account goes on");
                assert_eq!(the_user(&world).await, made, "{told}");

                let mut again = world.browser();
                come_by_github(&mut again, &op).await;
                assert_eq!(the_user(&world).await, made, "{told}");
            }
        }
    }
}

/// Who has the address, and by which accounts they come.
async fn the_user(world: &World) -> (UserId, Vec<String>) {
    let user = world.store.inner().user_by_email(ADA).await.expect("a store").expect("a user");
    let accounts = world.store.inner().accounts_of(&user.id).await.expect("a store");
    (user.id, accounts.into_iter().map(|account| account.key.source).collect())
}

async fn come_by_github(browser: &mut Browser<'_>, op: &Op) {
    let asked = browser.depart("op", "/dash").await;
    let reply = browser.arrive("op", &op.agrees(&asked)).await;
    assert_eq!(location(&reply), "https://app.test/dash", "{:?}", reply.refused);
    assert_eq!(browser.session().await["user"]["email"], ADA);
}

async fn follow_link(browser: &mut Browser<'_>) {
    browser.post("signin/email", &[("email", ADA), ("callbackUrl", "/dash")]).await;
    let link = browser.world.mail.sent().pop().expect("a mail").text;
    let target = link.strip_prefix("https://app.test/api/auth/").expect("ours");
    browser.get(target).await;
    assert_eq!(browser.session().await["user"]["email"], ADA);
}
