//! A configuration that is settled: what will be used, and where it was read.

use std::{
    net::SocketAddr,
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

use keyward::{Dialect, Secret, SessionSettings};

use super::{
    file::File,
    load::{self, Places},
    providers::{AccountMail, Email, Redirect},
    secret_file::SecretFile,
    settled::{Origin, Settled},
};
use crate::{
    environment::Environment,
    fault::{Failure, Fault},
};

/// What the command line says of the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// `--config`.
    pub(crate) config: Option<PathBuf>,
    /// `--dev`.
    pub(crate) dev: bool,
    /// `--listen`.
    pub(crate) listen: Option<SocketAddr>,
    /// `--data`.
    pub(crate) data: Option<PathBuf>,
    /// `--dialect`.
    pub(crate) dialect: Option<Dialect>,
    /// True for commands that touch the data or the secret file alone: they run without public URL, secret,
    /// and the variables that the server needs.
    pub(crate) data_only: bool,
}

/// A configuration that is complete, but for what only the library can judge.
pub(crate) struct Deployment {
    /// Development or production.
    pub(crate) mode: Mode,
    /// The configuration file, if there is one.
    pub(crate) source: Option<ConfigFile>,
    /// What it says; empty without one.
    pub(crate) file: File,
    /// Origin, or origin and base path.
    pub(crate) public_url: Settled<String>,
    /// Base path where the public URL has none.
    pub(crate) base_path: Settled<String>,
    /// Where to listen.
    pub(crate) listen: Settled<SocketAddr>,
    /// Which NextAuth.
    pub(crate) dialect: Settled<Dialect>,
    /// What seals.
    pub(crate) secrets: Settled<Secrets>,
    /// Folder of what Keyward writes.
    pub(crate) data: Settled<PathBuf>,
    /// The SQLite file.
    pub(crate) database: Settled<PathBuf>,
    /// Providers at other sites.
    pub(crate) redirects: Vec<Redirect>,
    /// Providers of links in mails.
    pub(crate) emails: Vec<Email>,
    /// Mails about people's own accounts, where the file says something of them.
    pub(crate) account_mail: Option<AccountMail>,
    /// What deserves a look, though nothing is wrong.
    pub(crate) notes: Vec<String>,
}

/// How strict the start is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// `--dev`, or no configuration file and a loopback address.
    Development,
    /// Everything else.
    Production,
}

/// What seals sessions.
#[derive(Clone, Debug)]
pub(crate) enum Secrets {
    /// These, newest first.
    Known(Vec<Secret>),
    /// These, out of a file.
    InFile(SecretFile, Vec<Secret>),
    /// Development: one is made at the start and kept in this file.
    Made(SecretFile),
}

/// The configuration file.
pub(crate) struct ConfigFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What is in it.
    pub(crate) text: String,
    /// Where in it.
    pub(crate) places: Places,
}

impl Deployment {
    /// Where the file says this, or `default`.
    pub(crate) fn origin(&self, path: &str) -> Origin {
        self.source.as_ref().and_then(|source| source.origin(path)).unwrap_or(Origin::Default)
    }

    /// Every setting of the file, in its order: path, and value as it may be shown.
    pub(crate) fn said(&self, environment: &Environment) -> Vec<(String, String)> {
        self.source.as_ref().map_or_else(Vec::new, |source| load::settings(&source.text, environment))
    }

    /// The providers that the environment alone names.
    pub(crate) fn redirects_of_the_environment(&self) -> impl Iterator<Item = &Redirect> {
        let listed = self.file.providers.len();
        self.redirects.iter().filter(move |redirect| redirect.index >= listed)
    }

    /// How long a session lives after its last renewal.
    pub(crate) fn session_max_age(&self) -> Duration {
        self.file.session.max_age.map_or(SessionSettings::default().max_age, |period| period.0)
    }

    /// Where in the file a setting stands, named as `providers[0].endpoint`.
    pub(crate) fn span(&self, path: &str) -> Option<Range<usize>> {
        self.source.as_ref()?.places.span(path)
    }

    /// A failure of the configuration, shown in its file.
    pub(crate) fn failure(&self, faults: Vec<Fault>) -> Failure {
        Failure::configuration(faults, self.source.as_ref().map(ConfigFile::shown))
    }
}

impl ConfigFile {
    /// `keyward.toml:3`, if the file says this.
    pub(super) fn origin(&self, path: &str) -> Option<Origin> {
        let line = self.places.line(path)?;
        Some(Origin::File(format!("{}:{line}", self.path.display())))
    }

    /// The file as a terminal may show it.
    pub(super) fn shown(&self) -> miette::NamedSource<String> {
        load::shown(&self.path.display().to_string(), &self.text)
    }

    /// The folder at which its relative paths start.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }
}

impl Secrets {
    /// All, newest first; `None` if there is none yet.
    pub(crate) fn known(self) -> Option<Vec<Secret>> {
        match self {
            Self::Known(secrets) | Self::InFile(_, secrets) => {
                Some(secrets).filter(|known| !known.is_empty())
            }
            Self::Made(_) => None,
        }
    }

    /// The newest.
    pub(crate) fn first(&self) -> Option<&Secret> {
        match self {
            Self::Known(secrets) | Self::InFile(_, secrets) => secrets.first(),
            Self::Made(_) => None,
        }
    }
}
