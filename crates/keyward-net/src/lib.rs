//! What goes out: HTTP with limits, and mail.
//!
//! [`OutgoingHttp`] is the [`HttpClient`] and the [`ProviderHttp`] port over reqwest and rustls. It does not follow
//! redirects, reads no proxy from the environment, undoes no compression, and gives up at the deadline or at the
//! size that the call names. Addresses that were learned from data reach the public internet only. What it says of
//! a failure goes to the log: host, port and cause, never a path, a query or a body.
//!
//! [`SmtpMailer`] is the [`Mailer`] port over lettre: one mail server, encrypted unless the deployment says otherwise.

mod client;
mod exchange;
mod fault;
mod guard;
mod public;
mod smtp;

#[cfg(doc)]
use keyward_core::{mail::Mailer, port::HttpClient};
#[cfg(doc)]
use keyward_providers::ProviderHttp;

pub use client::OutgoingHttp;
pub use smtp::{SmtpMailer, SmtpMistake, SmtpServer, SmtpTls};
