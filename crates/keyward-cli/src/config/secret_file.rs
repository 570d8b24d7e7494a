//! The secret file: one secret a line, newest first, read by its owner alone.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use keyward_core::{port::Random, secret::Secret};

use crate::fault::Fault;

/// A file with secrets.
#[derive(Clone, Debug)]
pub(crate) struct SecretFile(pub(crate) PathBuf);

impl SecretFile {
    /// The secrets, newest first. Empty lines and those with `#` in front do not count.
    pub(crate) fn read(&self) -> Result<Vec<Secret>, Fault> {
        let text = fs::read_to_string(&self.0).map_err(|error| {
            self.fault("read", &error).remedy("make one: keyward init, or write the secret into it")
        })?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let secrets: Vec<Secret> = lines.map(Secret::from).collect();
        if secrets.is_empty() {
            return Err(Fault::new(format!("{} holds no secret", self.0.display()))
                .remedy("make one: openssl rand -base64 32"));
        }
        Ok(secrets)
    }

    /// Writes a new file; an existing one is an error.
    pub(crate) fn create(&self, secret: &Secret) -> Result<(), Fault> {
        let text = format!("{}\n", secret.expose());
        write_new(&self.0, &text).map_err(|error| self.fault("write", &error))
    }

    /// Replaces the file as a whole: at every moment there is the old one or the new one.
    pub(crate) fn replace(&self, secrets: &[Secret]) -> Result<(), Fault> {
        let mut text = "# Secrets of Keyward, newest first. Keep them to yourself.\n".to_owned();
        for secret in secrets {
            text.push_str(secret.expose());
            text.push('\n');
        }
        let mut name = self.0.clone().into_os_string();
        name.push(".new");
        let beside = PathBuf::from(name);
        let written = write_new(&beside, &text).and_then(|()| fs::rename(&beside, &self.0));
        written.map_err(|error| {
            self.fault("replace", &error)
                .remedy(format!("if {} was left behind, remove it", beside.display()))
        })
    }

    /// True if others than the owner may read it.
    #[cfg(unix)]
    pub(crate) fn is_open_to_others(&self) -> bool {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(&self.0).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
    }

    /// Not known on this system.
    #[cfg(not(unix))]
    pub(crate) fn is_open_to_others(&self) -> bool {
        false
    }

    fn fault(&self, what: &str, error: &io::Error) -> Fault {
        Fault::new(format!(
            "the secret file {} can't be {what}: {error}",
            self.0.display(),
            what = past(what)
        ))
    }
}

/// A secret nobody can guess: 32 random bytes in base64, as `openssl rand -base64 32` makes it.
pub(crate) fn fresh_secret(random: &dyn Random) -> Secret {
    use base64::Engine;
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    Secret::from(base64::engine::general_purpose::STANDARD.encode(bytes))
}

/// Creates a file that only its owner reads, and has it on disk before it returns.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn past(verb: &str) -> &str {
    match verb {
        "write" => "written",
        "replace" => "replaced",
        _ => verb,
    }
}
