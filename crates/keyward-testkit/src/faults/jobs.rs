//! What no browser and no program asks for.

use keyward_core::{
    port::{
        Attempts as _, AuditTrail as _, Clock as _, Directory, ImportedUser, Imports, Ledger as _, Outbox,
        Post, Settled, StoreError,
    },
    user::{User, UserId},
};
use serde_json::json;

use super::{ADA, BOB, NEW_PASSWORD, Stage, ada, signed_in, state::NO_LEASE};

/// On its machine, by the command line.
pub async fn what_an_operator_does_without_a_server(stage: &Stage) {
    let bob = || ImportedUser {
        user: User { email: Some(BOB.to_owned()), ..User::new(UserId("bob".to_owned())) },
        password_hash: None,
        accounts: Vec::new(),
        app: None,
    };
    stage
        .plays(
            ada,
            async |browser, ()| {
                let (store, now) = (&browser.world.store, browser.world.clock.now());
                Imports::import_users(&**store, &[bob()], false, now).await
            },
            async |browser, ()| browser.world.user(BOB).await.is_some(),
        )
        .await;
    stage
        .plays(
            ada,
            async |browser, ()| {
                let (store, now) = (&browser.world.store, browser.world.clock.now());
                Directory::set_password(&**store, ADA, NEW_PASSWORD, now, &[]).await
            },
            async |browser, ()| browser.world.hash(ADA).await.as_deref() == Some(NEW_PASSWORD),
        )
        .await;
    stage
        .plays(
            ada,
            async |browser, ()| {
                let (store, now) = (&browser.world.store, browser.world.clock.now());
                Directory::delete_user(&**store, ADA, now).await
            },
            async |browser, ()| browser.world.user(ADA).await.is_none(),
        )
        .await;
}

/// Sends what waits, and keeps the store small. What was sent and could not be marked as sent is sent again: nothing
/// is lost.
pub async fn what_is_done_in_the_background(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                let (store, now) = (browser.world.store.inner(), browser.world.clock.now());
                let due = store.due_events(now, NO_LEASE, 10).await.expect("answers");
                for event in &due[1..] {
                    store.settle_event(event, Settled::Delivered).await.expect("answers");
                }
            },
            async |browser, ()| {
                let (store, now) = (&*browser.world.store, browser.world.clock.now());
                let due = Outbox::due_events(store, now, NO_LEASE, 10).await?;
                for event in &due {
                    Outbox::settle_event(store, event, Settled::Delivered).await?;
                }
                Ok::<_, StoreError>(due)
            },
            async |browser, ()| browser.world.told().await.is_empty(),
        )
        .await;
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                browser.call("reset", json!({ "email": ADA })).await;
            },
            async |browser, ()| {
                let (store, now) = (&*browser.world.store, browser.world.clock.now());
                let due = Post::due_mails(store, now, NO_LEASE, 10).await?;
                for mail in &due {
                    Post::settle_mail(store, mail, None).await?;
                }
                Ok::<_, StoreError>(due)
            },
            async |browser, ()| browser.world.post().await.is_empty(),
        )
        .await;
    stage
        .plays(
            ada,
            async |browser, ()| {
                let (store, now) = (&*browser.world.store, browser.world.clock.now());
                store.ready().await?;
                store.cap_events(1000).await?;
                store.cap_failures(1000).await?;
                store.trim_audit(now, 1000).await?;
                browser.world.engine.sweep().await
            },
            signed_in,
        )
        .await;
}
