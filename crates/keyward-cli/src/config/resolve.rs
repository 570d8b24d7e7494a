//! What will be used, and where it comes from: flag before file before environment before default.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use keyward::{Dialect, Secret};

use super::{
    deployment::{ConfigFile, Deployment, Mode, Secrets, Sources},
    file::{DialectName, File},
    load::{self, Loaded},
    providers::{AccountMail, Email, Redirect, settle, settle_account_mail, settle_emails},
    secret_file::SecretFile,
    settled::{Origin, Settled},
};
use crate::{
    environment::Environment,
    fault::{Failure, Fault},
};

/// Reads and settles everything. All mistakes are found at once.
pub(crate) fn resolve(sources: &Sources, environment: &Environment) -> Result<Deployment, Failure> {
    let path = config_path(sources, environment)?;
    let (source, file) = match path {
        Some(path) => {
            let (source, file) = read(path, sources.data_only, environment)?;
            (Some(source), file)
        }
        None => (None, File::default()),
    };
    let mut resolver =
        Resolver { sources, environment, source: source.as_ref(), faults: Vec::new(), notes: Vec::new() };
    let settled = resolver.settle(&file);
    let redirects = resolver.redirects(&file);
    let emails = resolver.emails(&file);
    let account_mail = resolver.account_mail(&file);
    let Resolver { faults, notes, .. } = resolver;
    let Some(Values { mode, public_url, base_path, listen, dialect, secrets, data, database }) =
        settled.filter(|_| faults.is_empty())
    else {
        return Err(Failure::configuration(faults, source.as_ref().map(ConfigFile::shown)));
    };
    Ok(Deployment {
        mode,
        source,
        file,
        public_url,
        base_path,
        listen,
        dialect,
        secrets,
        data,
        database,
        redirects,
        emails,
        account_mail,
        notes,
    })
}

const DEFAULT_FILE: &str = "keyward.toml";
const DEFAULT_DATA: &str = "keyward-data";
const DEFAULT_DATABASE: &str = "sqlite:keyward.db";
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4000);

fn config_path(sources: &Sources, environment: &Environment) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) =
        sources.config.clone().or_else(|| environment.get("KEYWARD_CONFIG").map(PathBuf::from))
    {
        return Ok(Some(path));
    }
    let default = Path::new(DEFAULT_FILE);
    match default.try_exists() {
        Ok(exists) => Ok(exists.then(|| default.to_owned())),
        // Whether there is one can't be told: starting without it could start something else than was meant.
        Err(error) => Err(unreadable(default, &error)),
    }
}

fn read(path: PathBuf, data_only: bool, environment: &Environment) -> Result<(ConfigFile, File), Failure> {
    let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
    match load::load(&text, data_only, environment) {
        Ok(Loaded { file, places }) => Ok((ConfigFile { path, text, places }, file)),
        Err(faults) => {
            let shown = load::shown(&path.display().to_string(), &text);
            Err(Failure::configuration(faults, Some(shown)))
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let fault = Fault::new(format!("the configuration file {} can't be read: {error}", path.display()))
        .remedy("name another one with --config FILE, or write one with: keyward init");
    Failure::configuration(vec![fault], None)
}

struct Values {
    mode: Mode,
    public_url: Settled<String>,
    base_path: Settled<String>,
    listen: Settled<SocketAddr>,
    dialect: Settled<Dialect>,
    secrets: Settled<Secrets>,
    data: Settled<PathBuf>,
    database: Settled<PathBuf>,
}

struct Resolver<'a> {
    sources: &'a Sources,
    environment: &'a Environment,
    source: Option<&'a ConfigFile>,
    faults: Vec<Fault>,
    notes: Vec<String>,
}

impl Resolver<'_> {
    fn settle(&mut self, file: &File) -> Option<Values> {
        let dialect = self.dialect(file);
        let listen = self.listen(file);
        let without_file_at_home = self.source.is_none() && listen.value.ip().is_loopback();
        let mode =
            if self.sources.dev || without_file_at_home { Mode::Development } else { Mode::Production };
        if self.sources.dev && !listen.value.ip().is_loopback() {
            self.notes.push(format!(
                "--dev with {}: whoever reaches this address meets a development server, without https; for people \
                 leave --dev out",
                listen.value
            ));
        }
        let data = self.data(mode);
        let base_path = self.in_file("base_path", file.base_path.clone());
        let base_path = base_path.unwrap_or_else(|| Settled::new("/api/auth".to_owned(), Origin::Default));
        let public_url = self.public_url(file, mode, dialect.value, listen.value);
        let secrets = self.secrets(file, mode, dialect.value, &data.value);
        let database = self.database(file, &data.value);
        self.look_around();
        Some(Values {
            mode,
            base_path,
            listen,
            dialect,
            data,
            public_url: public_url?,
            secrets: secrets?,
            database: database?,
        })
    }

    fn dialect(&mut self, file: &File) -> Settled<Dialect> {
        if let Some(dialect) = self.sources.dialect {
            return Settled::new(dialect, Origin::Flag("--dialect"));
        }
        let named = file.dialect.map(|name| match name {
            DialectName::NextAuth3 => Dialect::NextAuth3,
            DialectName::NextAuth4 => Dialect::NextAuth4,
            DialectName::AuthJs5 => Dialect::AuthJs5,
        });
        if let Some(dialect) = self.in_file("dialect", named) {
            return dialect;
        }
        let default = Settled::new(Dialect::default(), Origin::Default);
        let Some(name) = self.environment.get("KEYWARD_DIALECT") else { return default };
        match Dialect::from_name(name) {
            Some(dialect) => Settled::new(dialect, Origin::Environment("KEYWARD_DIALECT".into())),
            None => {
                self.fault(
                    None,
                    "KEYWARD_DIALECT names no dialect",
                    "set it to next-auth-3, next-auth-4 or auth-js-5",
                );
                default
            }
        }
    }

    fn listen(&mut self, file: &File) -> Settled<SocketAddr> {
        if let Some(listen) = self.sources.listen {
            return Settled::new(listen, Origin::Flag("--listen"));
        }
        if let Some(listen) = self.in_file("listen", file.listen) {
            return listen;
        }
        let default = Settled::new(DEFAULT_LISTEN, Origin::Default);
        let Some(text) = self.environment.get("KEYWARD_LISTEN") else { return default };
        match text.parse() {
            Ok(listen) => Settled::new(listen, Origin::Environment("KEYWARD_LISTEN".into())),
            Err(_) => {
                self.fault(
                    None,
                    "KEYWARD_LISTEN is not an address with a port",
                    "set it for example to 127.0.0.1:4000",
                );
                default
            }
        }
    }

    fn data(&self, mode: Mode) -> Settled<PathBuf> {
        if let Some(data) = &self.sources.data {
            return Settled::new(data.clone(), Origin::Flag("--data"));
        }
        if let Some(data) = self.environment.get("KEYWARD_DATA") {
            return Settled::new(PathBuf::from(data), Origin::Environment("KEYWARD_DATA".into()));
        }
        match (self.source, mode) {
            (Some(source), Mode::Production) => {
                Settled::new(source.folder().to_owned(), Origin::From("the configuration file's folder"))
            }
            (Some(source), Mode::Development) => {
                Settled::new(source.folder().join(DEFAULT_DATA), Origin::Default)
            }
            (None, _) => Settled::new(PathBuf::from(DEFAULT_DATA), Origin::Default),
        }
    }

    fn public_url(
        &mut self,
        file: &File,
        mode: Mode,
        dialect: Dialect,
        listen: SocketAddr,
    ) -> Option<Settled<String>> {
        let names = match dialect {
            Dialect::NextAuth3 | Dialect::NextAuth4 => ["NEXTAUTH_URL", "AUTH_URL"],
            Dialect::AuthJs5 => ["AUTH_URL", "NEXTAUTH_URL"],
        };
        let surrounding = self.environment.first(&names);
        if let Some(written) = self.in_file("public_url", file.public_url.clone()) {
            if let Some((name, url)) = surrounding.filter(|(_, url)| !same_address(url, &written.value)) {
                let note =
                    format!("{name} is {url}, but {} says {}, which is used", written.origin, written.value);
                self.notes.push(note);
            }
            return Some(written);
        }
        if let Some((name, url)) = surrounding {
            if mode == Mode::Development && !self.sources.dev && url.starts_with("https:") {
                self.notes.push(format!(
                    "{name} is {url}, but without a configuration file, on a loopback address, this is development: \
                     for production write one with keyward init"
                ));
            }
            return Some(Settled::new(url.to_owned(), Origin::Environment(name.into())));
        }
        if mode == Mode::Development || self.sources.data_only {
            return Some(Settled::new(
                format!("http://localhost:{}", listen.port()),
                Origin::From("the port"),
            ));
        }
        self.fault(
            None,
            "the public URL is not set",
            "say where people reach your application: public_url = \"https://app.example\" in keyward.toml, or \
             NEXTAUTH_URL in the environment; on a machine of your own, --dev does without",
        );
        None
    }

    fn secrets(
        &mut self,
        file: &File,
        mode: Mode,
        dialect: Dialect,
        data: &Path,
    ) -> Option<Settled<Secrets>> {
        let several = [file.secret.is_some(), file.secrets.is_some(), file.secret_file.is_some()];
        if several.iter().filter(|set| **set).count() > 1 {
            let last = if file.secret_file.is_some() { "secret_file" } else { "secrets" };
            self.fault(Some(last), "secrets are set twice", "keep one of secret, secrets and secret_file");
            return None;
        }
        let surrounding = self.secrets_around(dialect);
        let written = match (&file.secret, &file.secrets, &file.secret_file) {
            (Some(secret), ..) => self.in_file("secret", Some(Secrets::Known(vec![secret.0.clone()]))),
            (_, Some(secrets), _) => {
                let secrets = secrets.iter().map(|secret| secret.0.clone()).collect();
                self.in_file("secrets", Some(Secrets::Known(secrets)))
            }
            (_, _, Some(path)) => {
                let folder = self.source.map_or(Path::new("."), ConfigFile::folder);
                let read = self.secret_file(SecretFile(folder.join(path)))?;
                self.in_file("secret_file", Some(read))
            }
            _ => None,
        };
        if let Some(written) = written {
            if let Some(around) = &surrounding
                && around.value.first().map(Secret::expose) != written.value.first().map(Secret::expose)
            {
                let note = format!(
                    "the secret in {} is not the one of {}; the first is used",
                    written.origin, around.origin
                );
                self.notes.push(note);
            }
            return Some(written);
        }
        if let Some(around) = surrounding {
            self.note_numbered(dialect);
            return Some(around);
        }
        if mode == Mode::Development {
            let kept = SecretFile(data.join("secret"));
            let secrets = if kept.0.exists() { self.secret_file(kept)? } else { Secrets::Made(kept) };
            return Some(Settled::new(secrets, Origin::Default));
        }
        if self.sources.data_only {
            return Some(Settled::new(Secrets::Known(Vec::new()), Origin::Default));
        }
        self.fault(
            None,
            "there is no secret, and production does not start without one",
            "make one with: openssl rand -base64 32\nthen set NEXTAUTH_SECRET (AUTH_SECRET), the same as in your \
             application, or secret_file in keyward.toml; keyward init writes both",
        );
        None
    }

    /// The secrets of the environment. Generation 5 knows numbered ones, the highest number newest.
    fn secrets_around(&self, dialect: Dialect) -> Option<Settled<Secrets>> {
        let known = |names: &[&'static str]| {
            let found: Vec<_> =
                names.iter().filter_map(|name| Some((*name, self.environment.get(name)?))).collect();
            let (name, _) = *found.first()?;
            let secrets = found.iter().map(|(_, value)| Secret::from(*value)).collect();
            Some(Settled::new(Secrets::Known(secrets), Origin::Environment(name.into())))
        };
        match dialect {
            Dialect::NextAuth3 | Dialect::NextAuth4 => {
                known(&["NEXTAUTH_SECRET"]).or_else(|| known(&["AUTH_SECRET"]))
            }
            Dialect::AuthJs5 => known(&["AUTH_SECRET_3", "AUTH_SECRET_2", "AUTH_SECRET_1", "AUTH_SECRET"])
                .or_else(|| known(&["NEXTAUTH_SECRET"])),
        }
    }

    fn secret_file(&mut self, file: SecretFile) -> Option<Secrets> {
        if file.is_open_to_others() {
            self.notes.push(format!("others can read {0}: chmod 600 {0}", file.0.display()));
        }
        match file.read() {
            Ok(secrets) => Some(Secrets::InFile(file, secrets)),
            Err(fault) => {
                let span = self.source.and_then(|source| source.places.span("secret_file"));
                self.faults.push(fault.at(span));
                None
            }
        }
    }

    fn note_numbered(&mut self, dialect: Dialect) {
        let numbered = ["AUTH_SECRET_1", "AUTH_SECRET_2", "AUTH_SECRET_3"];
        if dialect == Dialect::AuthJs5
            && self.environment.get("AUTH_SECRET").is_some()
            && self.environment.first(&numbered).is_some()
        {
            self.notes.push(
                "AUTH_SECRET and numbered secrets are both set: Keyward seals with the highest number, as Auth.js \
                 does, but next-auth in Next.js ignores the numbered ones while AUTH_SECRET is set"
                    .to_owned(),
            );
        }
    }

    fn database(&mut self, file: &File, data: &Path) -> Option<Settled<PathBuf>> {
        let url = self.in_file("database.url", file.database.url.clone());
        let url = url.unwrap_or_else(|| Settled::new(DEFAULT_DATABASE.to_owned(), Origin::Default));
        let path = url.value.strip_prefix("sqlite:").filter(|path| !path.is_empty() && *path != ":memory:");
        let absolute = path.map(|path| path.strip_prefix("//").unwrap_or(path));
        let Some(path) = absolute.filter(|path| !path.contains('?') && !path.is_empty()) else {
            self.fault(
                Some("database.url"),
                "this is not the address of a SQLite database",
                "write sqlite:keyward.db, or sqlite:///absolute/path/keyward.db",
            );
            return None;
        };
        Some(Settled::new(data.join(path), url.origin))
    }

    fn redirects(&mut self, file: &File) -> Vec<Redirect> {
        if self.sources.data_only {
            return Vec::new();
        }
        let settled = settle(&file.providers, self.environment, |path| self.source?.origin(path));
        self.notes.extend(settled.notes);
        let span = |path: &str| self.source?.places.span(path);
        self.faults.extend(settled.faults.into_iter().map(|(path, fault)| fault.at(span(&path))));
        settled.all
    }

    fn emails(&mut self, file: &File) -> Vec<Email> {
        if self.sources.data_only {
            return Vec::new();
        }
        let folder = self.source.map_or(Path::new("."), ConfigFile::folder);
        let origin = |path: &str| self.source?.origin(path);
        let settled = settle_emails(&file.providers, self.environment, folder, origin);
        self.notes.extend(settled.notes);
        let span = |path: &str| self.source?.places.span(path);
        self.faults.extend(settled.faults.into_iter().map(|(path, fault)| fault.at(span(&path))));
        settled.all
    }

    fn account_mail(&mut self, file: &File) -> Option<AccountMail> {
        let table = file.mail.as_ref().filter(|_| !self.sources.data_only)?;
        let folder = self.source.map_or(Path::new("."), ConfigFile::folder);
        let origin = |path: &str| self.source?.origin(path);
        let (mail, faults, notes) = settle_account_mail(table, self.environment, folder, origin);
        self.notes.extend(notes);
        let span = |path: &str| self.source?.places.span(path);
        self.faults.extend(faults.into_iter().map(|(path, fault)| fault.at(span(&path))));
        Some(mail)
    }

    /// What surrounds us and does not do what it does in NextAuth.
    fn look_around(&mut self) {
        if self.environment.get("AUTH_TRUST_HOST").is_some() {
            self.notes.push(
                "AUTH_TRUST_HOST has no effect: the public URL is set, and forwarded addresses count from \
                 trusted_proxies alone"
                    .to_owned(),
            );
        }
        let known = ["CONFIG", "LISTEN", "DATA", "DIALECT", "LOG_FORMAT", "LOG_LEVEL"];
        let unknown =
            self.environment.names().filter_map(|name| Some((name, name.strip_prefix("KEYWARD_")?)));
        let text = self.source.map_or("", |source| &source.text);
        for (name, _) in unknown.filter(|(name, rest)| !known.contains(rest) && !text.contains(name)) {
            self.notes.push(format!("{name} is set, but Keyward knows no variable of this name"));
        }
    }

    fn in_file<T>(&self, path: &str, value: Option<T>) -> Option<Settled<T>> {
        let origin = self.source?.origin(path).unwrap_or(Origin::Default);
        Some(Settled::new(value?, origin))
    }

    fn fault(&mut self, path: Option<&str>, problem: &str, remedy: &str) {
        let span = path.and_then(|path| self.source?.places.span(path));
        self.faults.push(Fault::new(problem).remedy(remedy).at(span));
    }
}

fn same_address(a: &str, b: &str) -> bool {
    a.trim_end_matches('/') == b.trim_end_matches('/')
}
