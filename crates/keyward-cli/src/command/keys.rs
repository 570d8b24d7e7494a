//! `keyward keys`.

use clap::{Args, Subcommand};
use keyward::SystemRandom;
use keyward_core::{dialect::Dialect, secret::Secret};

use super::{OfflineOptions, Surroundings};
use crate::{
    config::{Secrets, fresh_secret},
    fault::{Failure, Fault},
};

/// `keyward keys …`.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Put a new secret into the secret file
    #[command(after_help = ABOUT_ROTATION)]
    Rotate(Rotation),
}

/// `keyward keys rotate`.
#[derive(Args)]
pub(super) struct Rotation {
    /// Needed for next-auth-3 and next-auth-4, which know one secret alone
    #[arg(long)]
    sign_everybody_out: bool,
    #[command(flatten)]
    config: OfflineOptions,
}

/// Carries out a command.
pub(super) fn run(around: &Surroundings<'_>, command: &Command) -> Result<(), Failure> {
    let Command::Rotate(options) = command;
    rotate(around, options)
}

const ABOUT_ROTATION: &str = "\
With dialect auth-js-5 the old secrets stay behind the new one: who is signed in stays signed in.
next-auth-3 and next-auth-4 know one secret alone, so a new one signs everybody out.
Users and their passwords do not depend on the secret.";

/// Old secrets that are kept behind the new one. Sessions sealed with an older one are long over.
const KEPT: usize = 2;

fn rotate(around: &Surroundings<'_>, options: &Rotation) -> Result<(), Failure> {
    let deployment = around.without_server(&options.config)?;
    let (file, old) = match deployment.secrets.value {
        Secrets::InFile(ref file, ref secrets) => (file, secrets),
        Secrets::Made(ref file) => {
            return Err(Fault::new(format!(
                "there is no secret to rotate: {} is not there yet",
                file.0.display()
            ))
            .remedy("the server makes it at its first start")
            .into());
        }
        Secrets::Known(_) => {
            return Err(Fault::new(format!("the secret is not in a secret file: {}", deployment.secrets.origin))
                .remedy("change it where it is set (openssl rand -base64 32), or move it into a file and set secret_file")
                .into());
        }
    };
    let dialect = deployment.dialect.value;
    let keeps_old = dialect == Dialect::AuthJs5;
    if !keeps_old && !options.sign_everybody_out {
        return Err(Fault::new(format!("with dialect {} a new secret signs everybody out", dialect.name()))
            .remedy("if that is meant: keyward keys rotate --sign-everybody-out")
            .into());
    }
    let mut secrets: Vec<Secret> = vec![fresh_secret(&SystemRandom)];
    if keeps_old && !options.sign_everybody_out {
        secrets.extend(old.iter().take(KEPT).cloned());
    }
    file.replace(&secrets)?;
    let kept = secrets.len() - 1;
    let path = file.0.display();
    around.terminal.print(&format!(
        "{path} has a new secret in front; {kept} older {} behind it.\n{}\
         Now restart Keyward, and give your application the same secret if it opens sessions itself.\n",
        if kept == 1 { "is kept" } else { "are kept" },
        if kept == 0 { "Everybody will have to sign in again; accounts are as they were.\n" } else { "" },
    ));
    Ok(())
}
