//! Keyward's routes, extractors and layers for axum: HTTP to action and outcome to HTTP.
//!
//! [`Auth`] is the handle: [`routes`] serves it, [`Session`] reads the caller's session in any handler whose
//! state holds it, and [`require_session`] guards a route. Bytes are decoded once (`decode`), answered by
//! the engine, and encoded once (`encode`); what the edge itself refuses stands in `refuse`. No decision
//! about who somebody is falls here.

mod client_address;
mod context;
mod cors;
mod decode;
mod edge;
mod encode;
mod events;
mod extract;
mod guard;
mod log;
mod mailbox;
mod refuse;
mod route;
mod serve;
mod strangers;
mod streams;
mod table;

pub use edge::{Auth, EdgeSettings, Limits};
pub use extract::{Session, SessionRejection};
pub use guard::{Guarded, RequireSession, require_session};
pub use refuse::EdgeRefusal;
pub use route::{Site, routes, site};
pub use serve::{App, ConnectionLimits, serve};
pub use table::{Cache, Gate, ROUTES, RouteSpec, Scope};
