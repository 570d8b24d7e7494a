//! Checks the access tokens that Keyward gives out, in the services that they are for.
//!
//! In a handler of axum, with the [`Verifier`] in the state:
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use keyward_verify::{Caller, Refusal, Verifier};
//!
//! async fn orders(caller: Caller) -> Result<String, Refusal> {
//!     caller.require_scope("orders:read")?;
//!     Ok(format!("the orders of {}", caller.subject()))
//! }
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::new("https://shop.example/api/auth", "orders")?;
//! let app: Router = Router::new().route("/orders", get(orders)).with_state(verifier);
//! # Ok(()) }
//! ```
//!
//! As a layer, before any tower service; the handlers behind it take the caller from the extensions:
//!
//! ```no_run
//! use axum::{Extension, Router, routing::get};
//! use keyward_verify::{Caller, RequireToken, Verifier};
//!
//! # fn app() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::new("https://shop.example/api/auth", "orders")?;
//! let me = async |Extension(caller): Extension<Caller>| caller.subject().to_owned();
//! let guard = RequireToken::new(&verifier).scope("orders:read");
//! let app: Router = Router::new().route("/me", get(me)).route_layer(guard);
//! # Ok(()) }
//! ```
//!
//! Anywhere else, by a request's headers or a bare token: [`Verifier::check`], [`Verifier::verify`]. In the tests of
//! an application, with keys of the test's own:
//!
//! ```
//! use keyward_jose::jws::{Algorithm, SigningKey};
//! use keyward_verify::Verifier;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = SigningKey::generate(Algorithm::Es256)?.with_kid("test");
//! let document = serde_json::json!({"keys": [key.public_jwk().to_json()]}).to_string();
//! let verifier = Verifier::with_keys("https://shop.example/api/auth", "orders", document)?;
//!
//! let claims = serde_json::json!({
//!     "iss": "https://shop.example/api/auth", "aud": "orders", "sub": "user-1", "client_id": "web",
//!     "jti": "1", "iat": 1_700_000_000, "exp": 33_000_000_000_i64,
//! });
//! let token = key.sign(Some("at+jwt"), claims.to_string().as_bytes())?;
//! assert_eq!(verifier.verify(&token).await?.subject(), "user-1");
//! # Ok(()) }
//! ```
//!
//! # What is checked
//!
//! - One `Authorization` header, spelled `Bearer`, one space, token. Anything else is refused, lower case and a second
//!   space too: what two readers may read differently is an opening.
//! - The token is RFC 9068's: `typ` is `at+jwt`, and the issuer's key named by `kid` verifies the signature. The
//!   algorithm is the key's (ES256, RS256 or EdDSA); the header can choose a key and nothing else. `none`, shared keys and
//!   ID tokens do not pass.
//! - `iss` and `aud` to the character, `exp`, `iat` and, where it is there, `nbf` within [`TOLERANCE`]; `sub`, `client_id`
//!   and `jti` are there.
//!
//! A refusal is an answer as RFC 6750 section 3 has it: status, `WWW-Authenticate`, `Cache-Control: no-store`.
//!
//! # The issuer's keys
//!
//! They are fetched when the first token comes, again when they are ten minutes old, and at once when a token names a key
//! that is not there; at most once in 30 seconds whatever comes in. While the issuer does not answer, the keys that there are stay in
//! use. Without any the answer is 503.
//!
//! A token that was given out stays good until its `exp`, also where its session has ended since: that is the price of
//! checking it without asking, and why access tokens are short-lived.
//!
//! # Features
//!
//! `axum`: the extractor. `reqwest`: fetching keys over HTTP ([`HttpKeys`], [`Verifier::new`]). Both are on unless switched off.

mod bearer;
mod caller;
mod claims;
#[cfg(feature = "axum")]
mod extract;
mod fault;
#[cfg(feature = "reqwest")]
mod http_keys;
mod keys;
mod layer;
mod refusal;
mod setup;
mod source;
mod verifier;

pub use caller::Caller;
pub use claims::TOLERANCE;
pub use fault::Fault;
#[cfg(feature = "reqwest")]
pub use http_keys::HttpKeys;
pub use layer::{Guarded, RequireToken};
pub use refusal::{Reason, Refusal};
pub use setup::SetupError;
pub use source::{KeySource, SourceError};
pub use verifier::Verifier;
