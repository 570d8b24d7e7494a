//! The map of what people do about their own accounts: as pages without a script, and as calls in JSON.

use crate::error::Refusal;
pub use crate::recovery::{Filled, Link, State, Step};

/// What somebody does.
#[derive(Clone, Debug, PartialEq)]
pub enum Recovery {
    /// Opens a page.
    Page {
        /// Which.
        step: Step,
        /// [`State::Sent`] and [`State::Done`] tell what was done, rather than offering to do it.
        state: State,
    },
    /// Opens the link of a mail. Uses nothing up: mail scanners do it, too (lesson 37).
    Look {
        /// Of which mail.
        step: Step,
        /// The link.
        link: Link,
    },
    /// Sends a form, or calls.
    Send {
        /// For what.
        step: Step,
        /// The link behind the form.
        link: Option<Link>,
        /// What was filled in.
        filled: Filled,
    },
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Recovering {
    /// A page.
    Page(Box<Shown>),
    /// It was done, or a mail is on its way: the page that says so.
    Done(Step, State),
    /// The way on: a link, followed without a mail, for who just proved that they have the mailbox.
    Next(Step, Link),
    /// Sign in first, and come back.
    SignIn {
        /// Where to: path and query below the base path.
        back: String,
        /// They are signed in, but it was too long ago.
        again: bool,
    },
    /// Everything that is kept about somebody, in JSON.
    Everything(String),
}

/// A page, and what stands on it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Which.
    pub step: Step,
    /// How far they are.
    pub state: State,
    /// The address that it is about, for people to read.
    pub email: Option<String>,
    /// The link behind it.
    pub link: Option<Link>,
    /// What went wrong.
    pub refusal: Option<Refusal>,
}
