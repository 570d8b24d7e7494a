//! `keyward serve`.

use std::{io, net::SocketAddr};

use clap::Args;
use keyward::{Builder, ConnectionLimits, Keyward, Secret, SystemRandom};
use tokio::net::TcpListener;

use super::{ConfigOptions, Surroundings};
use crate::{
    banner,
    config::{Deployment, Mode, SecretFile, Secrets, builder, faults_of, fresh_secret, shown_theme},
    fault::{Failure, Fault},
    log::{self, LogFormat, LogLevel},
    port_holder,
    signals::Signals,
    start_page,
};

/// `keyward serve`, or `keyward` alone.
#[derive(Args)]
#[command(after_help = ABOUT_MODES)]
pub(super) struct Options {
    #[command(flatten)]
    config: ConfigOptions,
    /// text (standard error) or json (standard output) [default: text] [env: KEYWARD_LOG_FORMAT]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Log", hide_possible_values = true)]
    log_format: Option<LogFormat>,
    /// error, warn, info, debug or trace [default: info] [env: KEYWARD_LOG_LEVEL]
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Log", hide_possible_values = true)]
    log_level: Option<LogLevel>,
}

/// Serves until Ctrl-C or SIGTERM, then answers what is in flight and ends.
pub(super) fn run(around: &Surroundings<'_>, options: &Options) -> Result<(), Failure> {
    let (format, level) = options.log(around)?;
    let deployment = around.deployment(&options.config)?;
    // Whatever is wrong is said before anything is touched: the secret is not made yet.
    let prepared = prepare(&deployment)?;
    log::start(format, level, around.terminal.err);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_unpark(log::gather)
        .on_thread_park(log::write_gathered)
        .on_thread_stop(log::write_gathered)
        .build();
    let runtime = runtime.map_err(|error| Fault::new(format!("no threads can be started: {error}")))?;
    runtime.block_on(serve(around, &deployment, prepared, format))
}

const ABOUT_MODES: &str = "\
Development is --dev, or no configuration file and a loopback address: a secret is made once and kept, and a
start page answers at /. Everything else is production and does not start without a secret and a public URL.
Ctrl-C and SIGTERM end it: requests in flight have 10 s; a second one ends it at once.";

/// What is known before anything is opened.
enum Prepared {
    Checked(Box<Builder>),
    /// The secret has to be made first.
    NeedsSecret(SecretFile),
}

fn prepare(deployment: &Deployment) -> Result<Prepared, Failure> {
    let checked =
        |secrets: &[Secret]| builder(deployment, secrets).map_err(|faults| deployment.failure(faults));
    match &deployment.secrets.value {
        Secrets::Known(secrets) | Secrets::InFile(_, secrets) => {
            Ok(Prepared::Checked(Box::new(checked(secrets)?)))
        }
        Secrets::Made(file) => {
            checked(&[fresh_secret(&SystemRandom)]).map(drop)?;
            Ok(Prepared::NeedsSecret(file.clone()))
        }
    }
}

async fn serve(
    around: &Surroundings<'_>,
    deployment: &Deployment,
    prepared: Prepared,
    format: LogFormat,
) -> Result<(), Failure> {
    let signals = Signals::listen().map_err(|error| Fault::new(format!("no signals: {error}")))?;
    let listener = bind(deployment.listen.value).await?;
    let address = listener.local_addr().unwrap_or(deployment.listen.value);
    let is_new = !deployment.database.value.exists();
    let builder = match prepared {
        Prepared::Checked(builder) => *builder,
        Prepared::NeedsSecret(file) => {
            let secrets = made_secret(deployment, &file)?;
            builder(deployment, &secrets).map_err(|faults| deployment.failure(faults))?
        }
    };
    let keyward = builder
        .build()
        .await
        .map_err(|error| Failure { exit: 1, ..deployment.failure(faults_of(deployment, &error)) })?;

    let site = keyward.site(match deployment.mode {
        Mode::Development => start_page::router(&keyward, deployment, shown_theme(deployment)),
        Mode::Production => axum::Router::new(),
    });
    announce(around, deployment, address, is_new, format);
    let draining = keyward.clone();
    let drained = keyward::serve(listener, site, ConnectionLimits::default(), async move {
        signals.first().await;
        draining.drain();
    })
    .await;
    end(around, &keyward, drained, format).await;
    Ok(())
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Fault> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            let holder = port_holder::of(address.port()).map(|who| format!(" by {who}")).unwrap_or_default();
            Fault::new(format!("port {} is in use{holder}", address.port())).remedy(format!(
                "end that program, or choose another port: keyward --listen {}",
                SocketAddr::new(address.ip(), address.port().checked_add(1).unwrap_or(4000))
            ))
        }
        io::ErrorKind::PermissionDenied => Fault::new(format!("port {} needs more rights", address.port()))
            .remedy("choose a port from 1024 on, and let a proxy in front have the lower one"),
        io::ErrorKind::AddrNotAvailable => {
            Fault::new(format!("{} is no address of this machine", address.ip())).remedy(
                "choose 127.0.0.1 for this machine alone, or 0.0.0.0 for all its networks: keyward --listen",
            )
        }
        _ => Fault::new(format!("listening on {address} failed: {error}")),
    })
}

/// Development's own secret: made once, kept, and never printed.
fn made_secret(deployment: &Deployment, file: &SecretFile) -> Result<Vec<Secret>, Fault> {
    let folder = &deployment.data.value;
    make_private(folder).map_err(|error| {
        Fault::new(format!("the folder {} can't be made: {error}", folder.display()))
            .remedy("choose another one with --data FOLDER")
    })?;
    let made = file.create(&fresh_secret(&SystemRandom));
    // Another Keyward may have made it at this moment.
    if file.0.exists() { file.read() } else { made.map(|()| Vec::new()) }.map_err(|fault| {
        fault.remedy("let your user own the folder, or choose another one with --data FOLDER")
    })
}

fn make_private(folder: &std::path::Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn announce(
    around: &Surroundings<'_>,
    deployment: &Deployment,
    address: SocketAddr,
    is_new: bool,
    format: LogFormat,
) {
    if deployment.mode == Mode::Development && format == LogFormat::Text {
        around.terminal.tell(&banner::text(deployment, address, is_new, around.terminal.err));
    } else {
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            listens_on = %address,
            public_url = deployment.public_url.value,
            dialect = deployment.dialect.value.name(),
            database = %deployment.database.value.display(),
            "keyward serves"
        );
    }
    for note in &deployment.notes {
        tracing::warn!("{note}");
    }
}

async fn end(around: &Surroundings<'_>, keyward: &Keyward, drained: bool, format: LogFormat) {
    keyward.close().await;
    let line = if drained {
        "Keyward ended."
    } else {
        "Keyward ended; some requests took too long and were cut off."
    };
    match format {
        LogFormat::Text => around.terminal.tell(&format!("{line}\n")),
        LogFormat::Json => tracing::info!(drained, "{line}"),
    }
}

impl Options {
    fn log(&self, around: &Surroundings<'_>) -> Result<(LogFormat, LogLevel), Failure> {
        Ok((
            chosen(self.log_format, around, "KEYWARD_LOG_FORMAT")?,
            chosen(self.log_level, around, "KEYWARD_LOG_LEVEL")?,
        ))
    }
}

/// A flag, else the environment's variable, else the default.
fn chosen<T: clap::ValueEnum + Default>(
    flag: Option<T>,
    around: &Surroundings<'_>,
    name: &'static str,
) -> Result<T, Failure> {
    match (flag, around.environment.get(name)) {
        (Some(flag), _) => Ok(flag),
        (None, None) => Ok(T::default()),
        (None, Some(text)) => T::from_str(text, true).map_err(|_| {
            let known: Vec<_> = T::value_variants()
                .iter()
                .filter_map(|choice| Some(choice.to_possible_value()?.get_name().to_owned()))
                .collect();
            let fault = Fault::new(format!("{name} is none of the choices"));
            Failure::configuration(vec![fault.remedy(format!("choose from: {}", known.join(", ")))], None)
        }),
    }
}
