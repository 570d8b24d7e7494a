//! A setting together with where it comes from.

use std::{borrow::Cow, fmt};

/// A setting and its origin.
#[derive(Clone, Debug)]
pub(crate) struct Settled<T> {
    /// What will be used.
    pub(crate) value: T,
    /// Who said so.
    pub(crate) origin: Origin,
}

/// Where a setting comes from. A flag beats the file, the file beats the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The command line, `--listen`.
    Flag(&'static str),
    /// The configuration file, as `keyward.toml:3`.
    File(String),
    /// The environment variable of this name.
    Environment(Cow<'static, str>),
    /// Keyward's own choice.
    Default,
    /// Follows from another setting.
    From(&'static str),
}

impl<T> Settled<T> {
    /// A setting of this origin.
    pub(crate) fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::File(place) => f.write_str(place),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Default => f.write_str("default"),
            Self::From(what) => write!(f, "from {what}"),
        }
    }
}
