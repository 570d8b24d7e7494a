//! Sending the mails that wait: leased from the store, opened, handed to the mail server, tried again, at last given up.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    engine::Engine,
    mail::Mailer,
    port::{Clock, DueMail, Random, Store, StoreError},
};
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::events::spread;

/// Mails that other processes wrote and left are found within this time.
const POLL: Duration = Duration::from_secs(1);
/// How many are under way at once, so that one slow answer does not hold up the others.
const AT_ONCE: usize = 16;
/// Who holds a mail for longer has died.
const LEASE: Duration = Duration::from_secs(120);
/// Longest hand-over to the mail server: it ends well before its lease.
const LONGEST: Duration = Duration::from_secs(90);
/// Before the second try.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// By how much each pause is longer than the one before.
const FACTOR: u32 = 4;
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// What sends the mails of one process and, where others died, theirs.
pub(crate) struct PostOffice {
    pub(crate) engine: Arc<Engine>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) mailer: Arc<dyn Mailer>,
    /// Woken when this process wrote mails.
    pub(crate) written: Arc<Notify>,
}

impl PostOffice {
    /// Waits until there may be something to send.
    pub(crate) async fn wait(self: Arc<Self>) {
        tokio::select! {
            () = self.written.notified() => {}
            () = sleep(POLL) => {}
        }
    }

    /// Sends what is due, a number of them at once.
    pub(crate) async fn turn(self: Arc<Self>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let due = self.store.due_mails(now, now.plus(LEASE), AT_ONCE).await?;
        if due.len() == AT_ONCE {
            // There may be more. Nobody has to wait for that.
            self.written.notify_one();
        }
        let mut under_way = JoinSet::new();
        for mail in due {
            under_way.spawn(Arc::clone(&self).send(mail));
        }
        let mut outcome = Ok(());
        while let Some(sent) = under_way.join_next().await {
            match sent {
                Ok(settled) => outcome = outcome.and(settled),
                // The mailer panicked: the mail comes again when its lease is over.
                Err(error) => tracing::error!(%error, "a mailer ended badly"),
            }
        }
        outcome
    }

    async fn send(self: Arc<Self>, due: DueMail) -> Result<(), StoreError> {
        let Some(mail) = self.engine.open_mail(&due.sealed) else {
            tracing::error!(
                code = "mail_unreadable",
                "a mail that waited was sealed with a key that is gone; it is not sent"
            );
            return self.store.settle_mail(&due, None).await;
        };
        let reason = match timeout(LONGEST, self.mailer.send(mail)).await {
            Ok(Ok(())) => return self.store.settle_mail(&due, None).await,
            Ok(Err(fault)) => fault.detail,
            Err(_) => format!("not taken within {LONGEST:?}"),
        };
        let (attempt, now) = (due.attempt, self.clock.now());
        let at = now.plus(spread(pause_after(attempt), self.random.as_ref()));
        if at >= due.expires {
            tracing::error!(code = "mail_given_up", attempt, reason, "a mail was not taken in its time");
            return self.store.settle_mail(&due, None).await;
        }
        tracing::warn!(
            code = "mail_not_sent",
            attempt,
            reason,
            again = at.iso(),
            "a mail was not taken; it is tried again"
        );
        self.store.settle_mail(&due, Some(at)).await
    }
}

/// How long to wait after a try, the first being 1.
fn pause_after(attempt: u32) -> Duration {
    let tries = attempt.saturating_sub(1).min(8);
    (FIRST_PAUSE * FACTOR.pow(tries)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use keyward_core::{
        address::PublicUrl,
        dialect::Dialect,
        engine::Ports,
        event::NewEvent,
        mail::{Mail, MailFaultKind, MailSeal},
        port::Outbox as _,
        secret::Secret,
        settings::Settings,
    };
    use keyward_testkit::{FakeClock, MemoryStore, NoLimits, Outbox, SeededRandom};

    use super::*;

    const SECRET: &str = "a secret of this test alone, long enough";

    struct Room {
        office: Arc<PostOffice>,
        store: Arc<MemoryStore>,
        clock: Arc<FakeClock>,
        server: Arc<Outbox>,
    }

    fn room() -> Room {
        let (store, clock) = (Arc::new(MemoryStore::default()), Arc::new(FakeClock::default()));
        let (server, random) = (Arc::new(Outbox::default()), Arc::new(SeededRandom::default()));
        let public = PublicUrl::new("https://app.test", "/api/auth").expect("an address");
        let ports = Ports {
            store: store.clone(),
            limiter: Arc::new(NoLimits),
            clock: clock.clone(),
            random: random.clone(),
            session_fields: None,
            rules: Vec::new(),
        };
        let settings = Settings::new(Dialect::NextAuth4, public, vec![Secret::from(SECRET)]);
        let office = Arc::new(PostOffice {
            engine: Arc::new(Engine::new(settings, ports)),
            store: store.clone(),
            clock: clock.clone(),
            random,
            mailer: server.clone(),
            written: Arc::default(),
        });
        Room { office, store, clock, server }
    }

    impl Room {
        async fn write(&self, secret: &str, to: &str, worth: Duration) {
            let mail = Mail { to: to.to_owned(), subject: "s".into(), text: "t".into(), html: "h".into() };
            let sealed = MailSeal::new(&[Secret::from(secret)]).seal(mail, &SeededRandom::default());
            let now = self.clock.now();
            self.store.write_events(&[NewEvent::mail(sealed, now, now.plus(worth))]).await.expect("answers");
        }

        async fn turn(&self) {
            Arc::clone(&self.office).turn().await.expect("the store answers");
        }

        fn sent(&self) -> Vec<String> {
            self.server.sent().into_iter().map(|mail| mail.to).collect()
        }
    }

    const HOUR: Duration = Duration::from_secs(60 * 60);

    #[tokio::test]
    async fn a_mail_that_was_taken_is_never_sent_again() {
        let room = room();
        room.write(SECRET, "ada@example.com", HOUR).await;
        room.turn().await;
        room.clock.advance(HOUR / 2);
        room.turn().await;
        assert_eq!(room.sent(), ["ada@example.com"]);
    }

    #[tokio::test]
    async fn a_mail_that_was_not_taken_is_tried_again_after_a_pause() {
        let room = room();
        room.write(SECRET, "ada@example.com", HOUR).await;
        room.server.fail(Some(MailFaultKind::Unreachable));
        room.turn().await;
        room.server.fail(None);
        room.clock.advance(Duration::from_secs(3));
        room.turn().await;
        assert_eq!(room.sent(), Vec::<String>::new());
        room.clock.advance(Duration::from_secs(4));
        room.turn().await;
        assert_eq!(room.sent(), ["ada@example.com"]);
    }

    #[tokio::test]
    async fn a_mail_is_given_up_when_its_link_has_ended_and_when_its_key_is_gone() {
        let room = room();
        room.write(SECRET, "ada@example.com", HOUR).await;
        room.write("another secret, of nobody here, long enough", "bob@example.com", HOUR).await;
        room.server.fail(Some(MailFaultKind::Refused));
        for _ in 0..120 {
            room.turn().await;
            room.clock.advance(Duration::from_secs(60));
        }
        room.server.fail(None);
        room.turn().await;
        assert_eq!(room.sent(), Vec::<String>::new());
        let now = room.clock.now();
        let left = keyward_core::port::Post::due_mails(&*room.store, now, now, 10).await.expect("answers");
        assert_eq!(left, []);
    }
}
