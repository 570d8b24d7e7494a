//! The generations of NextAuth: what differs between them stands here, once.
//!
//! Cookies ([`cookies`], and [`attempts`], which all generations share), sealed tokens ([`token`]), and here how a client asks for JSON and what an empty session
//! is. How the same actions are asked for and worded stands in [`crate::surface`].

pub mod asker;
pub mod attempts;
pub mod cookies;
pub mod device;
pub mod own_cookies;
pub mod token;

use crate::request::Request;

/// Which generation of NextAuth the clients are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `next-auth` 3.
    NextAuth3,
    /// `next-auth` 4.
    #[default]
    NextAuth4,
    /// `next-auth` 5 and `@auth/core`.
    AuthJs5,
}

impl Dialect {
    /// Name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NextAuth3 => "next-auth-3",
            Self::NextAuth4 => "next-auth-4",
            Self::AuthJs5 => "auth-js-5",
        }
    }

    /// The dialect of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::NextAuth3, Self::NextAuth4, Self::AuthJs5].into_iter().find(|dialect| dialect.name() == name)
    }

    /// True if the client asked for JSON instead of a redirect: by a body field in generations 3 and 4, by a
    /// header in 5 (protocol notes §0.3).
    #[must_use]
    pub fn wants_json(self, request: &Request) -> bool {
        match self {
            Self::NextAuth3 | Self::NextAuth4 => request.body.text("json") == Some("true"),
            Self::AuthJs5 => request.json_header,
        }
    }

    /// What an empty session is: `{}` or `null`. Each generation misreads the other's (protocol notes §0.2).
    #[must_use]
    pub const fn empty_session(self) -> &'static str {
        match self {
            Self::NextAuth3 | Self::NextAuth4 => "{}",
            Self::AuthJs5 => "null",
        }
    }
}
