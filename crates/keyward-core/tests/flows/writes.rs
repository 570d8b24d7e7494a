//! One write to the store by each step that changes something, and none by the others.

use keyward_core::{
    event::EventKind,
    request::{Body, Method},
};
use keyward_testkit::{Operation, Operation::Admit};

use crate::support::{ADA, ALL, BOTH, FakeProvider, Options, PASSWORD, Person, World, build, json, target};

const BOB: Person<'_> = Person { id: "583231", email: "bob@example.com" };

/// What was written since the last time.
struct Written<'w> {
    world: &'w World,
    so_far: usize,
}

impl Written<'_> {
    fn by_this(&mut self) -> Vec<Operation> {
        let new = self.world.store.writes().split_off(self.so_far);
        self.so_far += new.len();
        new
    }
}

/// Deployments that tell of everything and keep a trail, so that there is much to be written at once.
async fn everywhere(test: impl AsyncFn(&World, Written<'_>, &str)) {
    for dialect in ALL {
        for strategy in BOTH {
            let world = build(Options {
                events: EventKind::DEFAULT.to_vec(),
                redirects: vec![FakeProvider::listed("hub")],
                ..Options::new(dialect, strategy)
            });
            let written = Written { world: &world, so_far: 0 };
            test(&world, written, &format!("{dialect:?} {strategy:?}")).await;
        }
    }
}

#[tokio::test]
async fn a_sign_in_at_a_provider_writes_nothing_when_it_starts_and_once_when_it_ends() {
    everywhere(async |world, mut written, told| {
        let mut browser = world.browser();
        for visit in ["new", "known and signed in", "known"] {
            if visit == "known" {
                browser = world.browser();
            }
            let state = browser.depart("hub", "/dash").await.expect("an attempt");
            assert_eq!(written.by_this(), [], "{told} {visit}: the start");
            browser.arrive("hub", &state, &BOB).await;
            assert!(browser.is_signed_in().await, "{told} {visit}");
            assert_eq!(written.by_this(), [Admit], "{told} {visit}: the callback");
        }
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_by_a_link_writes_once_when_it_is_asked_for_and_once_when_it_is_followed() {
    everywhere(async |world, mut written, told| {
        for (provider, visit) in [("email", "new"), ("email", "known"), ("confirmed", "known")] {
            let mut browser = world.browser();
            browser.ask(provider, ADA).await;
            assert_eq!(written.by_this(), [Operation::IssueTicket], "{told} {visit}: the request");
            let link = target(&world.mail.sent().pop().expect("a mail").text);
            world.browser().send(Method::Head, &link, Body::None).await;
            if provider == "confirmed" {
                world.browser().get(&link).await;
            }
            assert_eq!(written.by_this(), [], "{told} {visit}: who looks at it");
            browser.get(&link).await;
            assert!(browser.is_signed_in().await, "{told} {visit}");
            assert_eq!(written.by_this(), [Admit], "{told} {visit}: the link");
        }
    })
    .await;
}

#[tokio::test]
async fn passwords_sign_outs_and_reads_write_once_or_not_at_all() {
    everywhere(async |world, mut written, told| {
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        assert_eq!(written.by_this(), [Admit], "{told}: a sign-up");
        browser.sign_in(ADA, PASSWORD).await;
        assert_eq!(written.by_this(), [Admit], "{told}: a sign-in");
        assert!(json(&browser.get("session").await)["user"].is_object());
        assert_eq!(written.by_this(), [], "{told}: a read");
        browser.post("signout", &[]).await;
        assert_eq!(written.by_this(), [Operation::EndSession], "{told}: a sign-out");
        assert!(!browser.is_signed_in().await);
        assert_eq!(written.by_this(), [], "{told}: a read by nobody");
    })
    .await;
}
