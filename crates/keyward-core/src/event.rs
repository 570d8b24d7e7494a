//! Events: what the deployment is told once it has happened (protocol notes §8.3).
//!
//! An event is written with what it tells, in one transition of the store ([`crate::port::Outbox`]), and delivered
//! afterwards by a background job: at least once, and never in anybody's way. Nobody answers it.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{audit::AuditEntry, time::Timestamp};

/// NextAuth's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Somebody signed in.
    SignIn,
    /// Somebody signed out.
    SignOut,
    /// Somebody came for the first time.
    CreateUser,
    /// What is known of a user changed.
    UpdateUser,
    /// An account was linked to a user.
    LinkAccount,
    /// A session was read. A write for every read: only where it is asked for by name.
    Session,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::SignIn, Self::SignOut, Self::CreateUser, Self::UpdateUser, Self::LinkAccount, Self::Session];

    /// What is told where nothing is said: all but [`Self::Session`].
    pub const DEFAULT: [Self; 5] =
        [Self::SignIn, Self::SignOut, Self::CreateUser, Self::UpdateUser, Self::LinkAccount];

    /// NextAuth's name of it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "signIn",
            Self::SignOut => "signOut",
            Self::CreateUser => "createUser",
            Self::UpdateUser => "updateUser",
            Self::LinkAccount => "linkAccount",
            Self::Session => "session",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Which events are written, and who hears that some were.
#[derive(Clone, Default)]
pub struct EventSettings {
    /// Only these are written. Empty: nothing is, and events cost nothing.
    pub kinds: Vec<EventKind>,
    /// Called when some were written, so that who delivers them need not wait for a turn.
    pub on_written: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// Longest body, in bytes. A profile that a provider wrote is left out where it makes it longer.
const MAX_BODY: usize = 64 * 1024;

/// An event about to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// By it a receiver knows the event again when it comes twice: the `webhook-id`.
    pub id: String,
    /// Of whom it is true.
    pub about: About,
    /// `{"type": …, "timestamp": …, "data": {…}}`.
    pub body: String,
    /// Now.
    pub written: Timestamp,
    /// Where to.
    pub channel: Channel,
}

/// Where something is written that is told of a transition.
#[derive(Clone, Debug, PartialEq)]
pub enum Channel {
    /// Into the outbox: it is delivered.
    Outbox,
    /// Among the mails that wait to be sent; the body is a [sealed](crate::mail::MailSeal) one.
    Mail {
        /// From when on it is worth nothing.
        expires: Timestamp,
    },
    /// Into the audit trail. Its user, where it names none, is the one that the transition is about.
    Audit(Box<AuditEntry>),
}

/// Of whom an event is true, where the transition that writes it finds out who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Whoever it is.
    Anybody,
    /// Somebody who was made by this admission.
    New,
    /// Somebody who was there before.
    Known,
}

impl About {
    /// Whether the event is to be written for somebody who is new, or is not.
    #[must_use]
    pub const fn fits(self, is_new: bool) -> bool {
        match self {
            Self::Anybody => true,
            Self::New => is_new,
            Self::Known => !is_new,
        }
    }
}

impl NewEvent {
    /// What happened at `now`.
    #[must_use]
    pub fn new(id: String, kind: EventKind, about: About, mut data: Value, now: Timestamp) -> Self {
        let body =
            |data: &Value| json!({"type": kind.as_str(), "timestamp": now.iso(), "data": data}).to_string();
        let mut text = body(&data);
        if text.len() > MAX_BODY
            && let Some(data) = data.as_object_mut()
        {
            data.remove("profile");
            text = body(&Value::Object(std::mem::take(data)));
        }
        Self { id, about, body: text, written: now, channel: Channel::Outbox }
    }

    /// A mail that tells of a transition, [sealed](crate::mail::MailSeal).
    #[must_use]
    pub fn mail(sealed: String, now: Timestamp, expires: Timestamp) -> Self {
        let channel = Channel::Mail { expires };
        Self { id: String::new(), about: About::Anybody, body: sealed, written: now, channel }
    }

    /// An entry of the audit trail.
    #[must_use]
    pub fn audit(mut entry: AuditEntry, about: About) -> Self {
        entry.bound();
        let written = entry.at;
        Self {
            id: String::new(),
            about,
            body: String::new(),
            written,
            channel: Channel::Audit(Box::new(entry)),
        }
    }

    /// True if it is to be delivered.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.channel == Channel::Outbox
    }
}

/// An event as it is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same at every try.
    pub id: String,
    /// `{"type": …, "timestamp": …, "data": {…}}`, as it is sent over HTTP.
    pub body: String,
}

impl Event {
    /// Which. `None` for one that a later version wrote.
    #[must_use]
    pub fn kind(&self) -> Option<EventKind> {
        EventKind::named(self.parsed().get("type")?.as_str()?)
    }

    /// What it tells: NextAuth's payload.
    #[must_use]
    pub fn data(&self) -> Value {
        self.parsed().get_mut("data").map(Value::take).unwrap_or_default()
    }

    fn parsed(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Why an event was not taken, for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotTaken(pub String);

/// A receiver of events: an address ([`crate::rules::hook`]), or the application that embeds Keyward.
///
/// ```
/// use async_trait::async_trait;
/// use keyward_core::event::{Event, EventKind, Events, NotTaken};
///
/// struct Welcome;
/// #[async_trait]
/// impl Events for Welcome {
///     async fn receive(&self, event: &Event) -> Result<(), NotTaken> {
///         if event.kind() == Some(EventKind::CreateUser) {
///             println!("welcome, {}", event.data()["user"]["name"]);
///         }
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Events: Send + Sync {
    /// Takes an event. Events may come more than once, with the same id, and in another order than they happened.
    ///
    /// # Errors
    /// It comes again, a bounded number of times.
    async fn receive(&self, event: &Event) -> Result<(), NotTaken>;
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_780_000_000);

    #[test]
    fn c6_an_event_says_what_happened_and_when() {
        let data = json!({"user": {"id": "u1"}});
        let new = NewEvent::new("msg_1".to_owned(), EventKind::CreateUser, About::New, data.clone(), NOW);
        let event = Event { id: new.id, body: new.body };
        assert_eq!(
            event.body,
            r#"{"type":"createUser","timestamp":"2026-05-28T20:26:40.000Z","data":{"user":{"id":"u1"}}}"#
        );
        assert_eq!((event.kind(), event.data()), (Some(EventKind::CreateUser), data));
    }

    #[test]
    fn a_profile_that_is_too_long_for_an_event_is_left_out_of_it() {
        let data = json!({"user": {"id": "u1"}, "profile": {"bio": "x".repeat(MAX_BODY)}});
        let new = NewEvent::new("msg_1".to_owned(), EventKind::SignIn, About::Anybody, data, NOW);
        let event = Event { id: new.id, body: new.body };
        assert_eq!(event.data(), json!({"user": {"id": "u1"}}));
    }

    #[test]
    fn every_kind_is_found_by_its_name_and_reading_sessions_is_told_only_where_it_is_asked_for() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::named(kind.as_str()), Some(kind));
            assert_eq!(EventKind::DEFAULT.contains(&kind), kind != EventKind::Session);
        }
        assert_eq!(EventKind::named("signin"), None);
    }
}
