//! The map of what a person asks about their own sessions, and of what they get.

use crate::port::{SessionEntry, SessionId};

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionCall {
    /// `GET sessions`.
    List,
    /// `POST sessions/end`. `None`: the body says neither or several of what there is to say.
    End(Option<EndWhich>),
}

/// Which of their sessions a person ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndWhich {
    /// `{id}`.
    One(SessionId),
    /// `{others: true}`: all but the one that asks.
    Others,
    /// `{all: true}`.
    All,
}

/// What a person gets.
#[derive(Clone, Debug)]
pub enum SessionAnswer {
    /// Theirs, the one seen last first.
    List {
        /// Which they are.
        sessions: Vec<SessionEntry>,
        /// The one that asks.
        current: Option<SessionId>,
    },
    /// So many were ended.
    Ended(u64),
}
