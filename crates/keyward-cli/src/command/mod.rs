//! The command line.

mod audit;
mod backup;
mod breached;
mod check;
mod import;
mod init;
mod keys;
mod schema;
mod serve;
mod user;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use keyward_core::dialect::Dialect;
use keyward_store_sqlite::{Options, SqliteStore};

use crate::{
    config::{Deployment, Sources, resolve},
    environment::Environment,
    fault::{Failure, Fault},
    terminal::{Style, Terminal},
};

/// Signs people in: beside your front end, in front of your back end, with NextAuth's own clients
#[derive(Parser)]
#[command(
    name = "keyward",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_help_heading = "Commands",
    after_help = EXAMPLES
)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Options,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until Ctrl-C or SIGTERM
    Serve(serve::Options),
    /// Write a commented keyward.toml and a secret; never overwrites
    Init(init::Options),
    /// Validate the configuration and print what will be used, and where it comes from
    Check(ConfigOptions),
    /// Print the JSON schema of keyward.toml
    Schema,
    /// Make, change and delete accounts, also while the server runs
    #[command(subcommand)]
    User(user::Command),
    /// Bring people along from another system
    #[command(subcommand)]
    Import(import::Command),
    /// Change the secret that seals sessions
    #[command(subcommand)]
    Keys(keys::Command),
    /// Print what happened to accounts
    Audit(audit::Options),
    /// Make and ask lists of breached passwords, which nobody may choose
    #[command(subcommand)]
    Breached(breached::Command),
    /// Copy the database into a new file while the server runs
    Backup(backup::Options),
}

/// Where the data is.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = CONFIGURATION)]
struct DataOptions {
    /// Configuration file [default: ./keyward.toml, if there is one] [env: KEYWARD_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the database [default: the configuration file's, or ./keyward-data] [env: KEYWARD_DATA]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

/// Where the data is, and whose: its secret and its clients.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = CONFIGURATION)]
struct OfflineOptions {
    #[command(flatten)]
    data: DataOptions,
    /// Development: a secret is made and kept, and the public URL is taken from the request
    #[arg(long)]
    dev: bool,
    /// next-auth-3, next-auth-4 or auth-js-5 [default: next-auth-4] [env: KEYWARD_DIALECT]
    #[arg(long, value_name = "NAME", value_parser = dialects(), hide_possible_values = true)]
    dialect: Option<Dialect>,
}

/// Where the configuration of a server comes from.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = CONFIGURATION)]
struct ConfigOptions {
    #[command(flatten)]
    offline: OfflineOptions,
    /// Address and port [default: 127.0.0.1:4000] [env: KEYWARD_LISTEN]
    #[arg(long, value_name = "ADDRESS", value_parser = listen_address)]
    listen: Option<SocketAddr>,
}

const CONFIGURATION: &str = "Configuration: a flag beats the file, the file beats the environment";

const EXAMPLES: &str = "\
Without a command it serves. Without a configuration file, on a loopback address, it serves for
development: there is nothing to set up, and the data is in ./keyward-data.

Examples:
  keyward                                  start for development on http://localhost:4000
  keyward --listen 127.0.0.1:5000          the same on another port
  keyward init                             begin a configuration of your own
  keyward check                            look at what it means before it serves
  keyward serve --config /etc/keyward.toml --log-format json
  keyward user create ada@example.com      asks for the password, or reads it from standard input

Exit codes: 0 done, 1 failed, 2 wrong call or configuration.";

/// What every command works with.
struct Surroundings<'a> {
    environment: &'a Environment,
    terminal: Terminal,
}

/// Runs the command that the process was called with.
pub(crate) fn run(environment: &Environment) -> ExitCode {
    let terminal = Terminal::of(environment);
    let called = match CommandLine::try_parse() {
        Ok(called) => called,
        Err(refused) => {
            let text = refused.render();
            let style = if refused.use_stderr() { terminal.err } else { terminal.out };
            let text = if style == Style::Coloured { text.ansi().to_string() } else { text.to_string() };
            if refused.use_stderr() {
                terminal.tell(&text);
            } else {
                terminal.print(&text);
            }
            return ExitCode::from(u8::try_from(refused.exit_code()).unwrap_or(2));
        }
    };
    let around = Surroundings { environment, terminal };
    let done = match called.command {
        None => serve::run(&around, &called.serve),
        Some(Command::Serve(options)) => serve::run(&around, &options),
        Some(Command::Init(options)) => init::run(&around, &options),
        Some(Command::Check(options)) => check::run(&around, &options),
        Some(Command::Schema) => schema::run(&around),
        Some(Command::User(command)) => user::run(&around, &command),
        Some(Command::Import(command)) => import::run(&around, &command),
        Some(Command::Keys(command)) => keys::run(&around, &command),
        Some(Command::Audit(options)) => audit::run(&around, &options),
        Some(Command::Breached(command)) => breached::run(&around, &command),
        Some(Command::Backup(options)) => backup::run(&around, &options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal.tell(&failure.render(terminal.err));
            ExitCode::from(failure.exit)
        }
    }
}

impl Surroundings<'_> {
    /// The configuration for serving.
    fn deployment(&self, options: &ConfigOptions) -> Result<Deployment, Failure> {
        resolve(&options.sources(), self.environment)
    }

    /// The configuration for a command that touches the data alone.
    fn data_only(&self, options: &DataOptions) -> Result<Deployment, Failure> {
        resolve(&Sources { data_only: true, ..options.sources() }, self.environment)
    }

    /// The configuration for a command that touches the data or the secret file alone, and has to know the dialect.
    fn without_server(&self, options: &OfflineOptions) -> Result<Deployment, Failure> {
        resolve(&Sources { data_only: true, ..options.sources() }, self.environment)
    }
}

impl DataOptions {
    fn sources(&self) -> Sources {
        Sources { config: self.config.clone(), data: self.data.clone(), ..Sources::default() }
    }
}

impl OfflineOptions {
    fn sources(&self) -> Sources {
        Sources { dev: self.dev, dialect: self.dialect, ..self.data.sources() }
    }
}

impl ConfigOptions {
    fn sources(&self) -> Sources {
        Sources { listen: self.listen, ..self.offline.sources() }
    }
}

/// Opens the database of a deployment; a missing one is an error.
fn existing_store(deployment: &Deployment) -> Result<SqliteStore, Failure> {
    let path = &deployment.database.value;
    if !path.exists() {
        return Err(Fault::new(format!("there is no database {}", path.display()))
            .remedy("name the server's --config or --data, or start the server once, which makes it")
            .into());
    }
    open_store(deployment)
}

/// Opens the database of a deployment, and makes it where it is not there.
fn open_store(deployment: &Deployment) -> Result<SqliteStore, Failure> {
    SqliteStore::open(&deployment.database.value, &Options::default())
        .map_err(|error| Fault::new(with_cause(&error)).remedy(error.remedy()).into())
}

/// An error and what caused it, in one line.
fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn listen_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "write an address with a port, such as 127.0.0.1:4000")
}

fn dialects() -> impl TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(["next-auth-3", "next-auth-4", "auth-js-5"])
        .map(|name| Dialect::from_name(&name).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }
}
