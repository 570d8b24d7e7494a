//! Keyward as a library: sign-in, sessions and NextAuth's HTTP surface inside an axum application.
//!
//! [`Keyward::builder`] takes the settings, checks them all, and starts. What comes out gives three things:
//! [routes](Keyward::routes) to merge, [`Session`] as an extractor, and a
//! [guard](Keyward::require_session) for whole routes.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use keyward::{AccountsSettings, Keyward, Session};
//!
//! async fn hello(session: Option<Session>) -> String {
//!     match session.as_ref().and_then(Session::name) {
//!         Some(name) => format!("Hello, {name}!"),
//!         None => "Sign in at /api/auth/signin".to_owned(),
//!     }
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let keyward = Keyward::builder("http://localhost:3000", "any secret will do here")
//!     .development(true)
//!     .sqlite("keyward.db")
//!     .accounts(AccountsSettings::default())
//!     .build()
//!     .await?;
//! let app = Router::new()
//!     .route("/secret", get(|session: Session| async move { session.body().to_string() }))
//!     .route_layer(keyward.require_session())
//!     .route("/", get(hello))
//!     .with_state(keyward.clone())
//!     .merge(keyward.routes());
//! let listener = tokio::net::TcpListener::bind("localhost:3000").await?;
//! keyward::serve(listener, app, Default::default(), std::future::pending()).await;
//! keyward.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! Ways to sign in: a hundred providers and any other ([`OAuthSettings`]), Keyward's own accounts
//! ([`AccountsSettings`]), an existing back end ([`BackendSettings`]), or a check of one's own
//! ([`CredentialsCheck`], [`Provider`], [`Person`]). Session fields of one's own come from
//! a [`SessionFields`]. `examples/embed.rs` shows all of it.
//!
//! Below this crate nothing reads the clock, the environment or the system's randomness; here they are put in.

mod account_mail;
mod accounts;
mod breached;
mod builder;
mod clock;
mod email;
mod events;
mod hasher;
mod instance;
mod jobs;
mod limits;
mod mistake;
mod oauth;
mod person;
mod plan;
mod post;
mod provider;
mod random;
mod strength;
mod tokens;
mod validate;

pub use async_trait::async_trait;
pub use keyward_axum::{
    App, Auth, ConnectionLimits, Limits as EdgeLimits, RequireSession, Session, SessionRejection, Site, serve,
};
pub use keyward_core::{
    audit::AuditSettings,
    claims::Claims,
    dialect::Dialect,
    error::{Code, Refusal},
    event::{Event, EventKind, Events, NotTaken},
    mail::{Mail, MailFault, MailFaultKind, Mailer},
    method::{
        CredentialsCheck, OpensTo, Proof, Submitted,
        backend::{Endpoint, ExpiresAs, RefreshEndpoint, TokenPlaces, UserFields},
        passkey::PasskeySettings,
        totp::FactorSettings,
    },
    policy::{abuse::GuessLimits, assurance::Demand, email::normalise as normalise_email},
    port::{Clock, PasswordHasher, Random, Store},
    rules::{
        Candidate, Rules, Trigger, Verdict,
        declared::{Admittance, Rule},
        hook::HookSettings,
        webhook::{self, WebhookKey},
    },
    secret::Secret,
    session::SessionFields,
    settings::{
        CustomPages, Field, LandingPlaces, Provider, SessionSettings, SignOutScope, Strategy, Verification,
    },
    tokens::{Algorithm, Audience, Client, TokenSettings},
};
pub use keyward_net::{SmtpMailer, SmtpMistake, SmtpServer, SmtpTls};
pub use keyward_pages::{
    AccountMailKind, AccountTemplates, ColorScheme, Colour, ErrorText, InvalidTemplate, MailPart,
    MailTemplates, Texts, Theme,
};
pub use keyward_providers as providers;

pub use account_mail::AccountMailSettings;
pub use accounts::AccountsSettings;
pub use breached::{BreachedError, BreachedPasswords, BuiltList, ListBuilder};
pub use builder::Builder;
pub use clock::SystemClock;
pub use email::EmailSettings;
pub use hasher::{Argon2Hasher, FirebaseProject, HashMistake, HasherSettings, ImportedHash};
pub use instance::Keyward;
pub use limits::{InvalidRate, LimitSettings, Limits, Rate};
pub use mistake::{BuildError, Mistake};
pub use oauth::{OAuthSettings, Service};
pub use person::Person;
pub use plan::BackendSettings;
pub use provider::{field, provider};
pub use random::SystemRandom;
pub use tokens::Freshness;
