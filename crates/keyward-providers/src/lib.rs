//! Signing in through others: the catalogue of providers, and our client side of OAuth 2.0 and OpenID Connect.
//!
//! ```
//! use keyward_core::secret::Secret;
//! use keyward_providers::{Entry, Provider, Settings, catalogue};
//!
//! let settings = |id: &str| Settings {
//!     client_id: id.to_owned(),
//!     client_secret: Some(Secret::from("secret")),
//!     ..Settings::default()
//! };
//! let github = catalogue::find("github").ok_or("in the catalogue")?;
//! let github = Provider::new("github", github, settings("my-app"))?;
//! assert_eq!(github.name, "GitHub");
//!
//! // Any other OpenID provider by its issuer.
//! let own = Settings { issuer: Some("https://id.example.com".to_owned()), ..settings("my-app") };
//! let own = Provider::new("example", &Entry::openid("example", "Example"), own)?;
//! assert_eq!(own.discovery.map(String::from).as_deref(), Some("https://id.example.com/.well-known/openid-configuration"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A sign-in has two halves, [`begin`] and [`complete`], with an [`Attempt`](attempt::Attempt) between them, sealed
//! into one cookie. What they are made of is pure: each step is a function of its inputs, and requests go out
//! through the port [`ProviderHttp`]. [`RedirectMethod`] is both halves as the core's flows call them.
//!
//! | module | is |
//! |---|---|
//! | [`catalogue`], [`provider`] | what is known of each provider, as data; with a deployment's settings |
//! | [`mapping`], [`profile`], [`quirk`] | how a profile becomes a user |
//! | [`checks`], [`attempt`] | state, nonce and PKCE; bound to provider, purpose and time |
//! | [`authorization`], [`callback`] | the authorization request and its response |
//! | [`token`], [`client_auth`], `id_token`, [`userinfo`] | what happens behind the browser's back |
//! | [`discovery`], [`cache`] | provider metadata and keys |
//! | [`flow`], [`method`] | the two halves; as the core calls them |
//! | [`refresh`] | the refresh grant |

pub mod attempt;
pub mod authorization;
pub mod cache;
pub mod callback;
pub mod catalogue;
pub mod checks;
pub mod client_auth;
pub mod discovery;
mod fault;
pub mod flow;
pub mod http;
mod id_token;
pub mod mapping;
pub mod method;
mod path;
pub mod profile;
pub mod provider;
pub mod quirk;
pub mod refresh;
mod template;
pub mod token;
pub mod userinfo;
mod word;
mod world;
mod wrong;

pub use cache::Cache;
pub use catalogue::{Entry, Kind};
pub use fault::{Code, Fault};
pub use flow::{Identity, Start, begin, complete, end_session};
pub use http::ProviderHttp;
pub use method::{RedirectMethod, RedirectTools};
pub use profile::Profile;
pub use provider::{Provider, Settings, SettingsFault};
pub use refresh::ProviderRefresh;
pub use world::World;
