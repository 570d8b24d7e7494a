//! What a store holds of people.

use std::{collections::BTreeSet, fmt::Write as _};

use keyward_core::{
    audit::AuditFilter,
    port::Clock as _,
    time::Timestamp,
    user::{User, UserId},
};

use crate::driver::World;

/// Everybody whom flows are about.
const ADDRESSES: [&str; 4] = ["ada@example.com", "bob@example.com", "new@example.com", "grace@example.com"];

/// Looks at what waits, and leaves it to whoever comes for it.
pub(super) const NO_LEASE: Timestamp = Timestamp::from_secs(0);

/// Users with their passwords, accounts, factors and sessions; the trail; events and mails that wait. Two stores that
/// hold the same give the same text.
pub(super) async fn state(world: &World) -> String {
    let (store, now) = (world.store.inner(), world.clock.now());
    let mut trail = store.audit(&AuditFilter::default(), 1000).await.expect("answers");
    trail.reverse();
    let mut known: BTreeSet<String> =
        trail.iter().filter_map(|record| Some(record.user.as_ref()?.0.clone())).collect();
    for email in ADDRESSES {
        known.extend(world.user(email).await.map(|user| user.id.0));
    }
    let mut text = String::new();
    for id in known {
        let id = UserId(id);
        if let Some(user) = store.user(&id).await.expect("answers") {
            text += &of_user(world, &user).await;
        }
    }
    // Refusals are no part of a flow: they are told of as far as they can be.
    for record in trail.iter().filter(|record| !record.kind.ends_with("_refused")) {
        let detail = serde_json::Value::Object(record.detail.clone());
        writeln!(text, "trail: {} {:?} {detail} {}", record.kind, record.user, record.count).expect("a text");
    }
    for event in store.due_events(now, NO_LEASE, 1000).await.expect("answers") {
        writeln!(text, "event: {}", event.body).expect("a text");
    }
    for mail in store.due_mails(now, NO_LEASE, 1000).await.expect("answers") {
        let mail = world.engine.open_mail(&mail.sealed).expect("sealed here");
        writeln!(text, "mail: {} {} {}", mail.to, mail.subject, mail.text).expect("a text");
    }
    text
}

async fn of_user(world: &World, user: &User) -> String {
    let (store, id) = (world.store.inner(), &user.id);
    let password = match &user.email {
        // A better hash of the same password may stand for itself.
        Some(email) => world.hash(email).await.and_then(|hash| Some(hash.rsplit_once('$')?.1.to_owned())),
        None => None,
    };
    let accounts = store.accounts_of(id).await.expect("answers");
    let factors = store.factors(id).await.expect("answers");
    // Their keys are the only thing that no seed repeats.
    let passkeys: Vec<_> =
        factors.passkeys.iter().map(|one| (&one.id, &one.name, one.counter, one.used)).collect();
    let factors = (&factors.app, factors.recovery_codes, passkeys);
    let sessions = store.sessions_of(id, world.clock.now()).await.expect("answers");
    format!("{user:?}\n  {password:?}\n  {accounts:?}\n  {factors:?}\n  {sessions:?}\n")
}
