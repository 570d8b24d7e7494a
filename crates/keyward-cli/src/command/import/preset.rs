//! Exports of other systems, as far as they are documented.

mod auth0;
mod better_auth;
mod firebase;
mod next_auth;

use std::path::Path;

use clap::ValueEnum;
use keyward::FirebaseProject;
use keyward_core::time::Timestamp;
use serde_json::{Map, Value};

use super::{
    mistake::Mistake,
    person::{self, Found},
};
use crate::fault::Fault;

/// Where a file comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum From {
    /// Keyward's own columns
    #[default]
    Keyward,
    /// NextAuth's models: users with their accounts inside, as Prisma's `include` gives them
    NextAuth,
    /// Better Auth's models: users with their accounts inside
    BetterAuth,
    /// What `firebase auth:export` writes as JSON
    Firebase,
    /// A bulk user export of Auth0, or the file of password hashes that its support sends
    Auth0,
}

/// Reads records of one origin.
pub(super) struct Format {
    from: From,
    firebase: Option<FirebaseProject>,
}

impl Format {
    /// Of this origin; `hash_config` is Firebase's.
    pub(super) fn new(from: From, hash_config: Option<&Path>) -> Result<Self, Fault> {
        let firebase = hash_config.map(firebase::read_hash_config).transpose()?;
        Ok(Self { from, firebase })
    }

    /// The columns that a CSV file may have; empty if any.
    pub(super) const fn columns(&self) -> &'static [&'static str] {
        match self.from {
            From::Keyward => &person::COLUMNS,
            _ => &[],
        }
    }

    /// What a record says.
    pub(super) fn read(&self, fields: Map<String, Value>, now: Timestamp) -> Result<Found, Mistake> {
        match self.from {
            From::Keyward => person::own(fields, now),
            From::NextAuth => next_auth::read(fields, now),
            From::BetterAuth => better_auth::read(fields, now),
            From::Firebase => firebase::read(fields, now, self.firebase.as_ref()),
            From::Auth0 => auth0::read(fields, now),
        }
    }
}

/// What Keyward's catalogue calls a provider.
fn catalogued(provider: &str) -> &str {
    match provider {
        "google.com" | "google-oauth2" => "google",
        "facebook.com" => "facebook",
        "github.com" => "github",
        "twitter.com" => "twitter",
        "apple.com" => "apple",
        other => other,
    }
}
