//! Who calls: what a good access token says.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::refusal::{Realm, Reason, Refusal};

/// The caller, by an access token that was checked. There is no other way to make one than
/// [`Verifier`](crate::Verifier)'s. Cheap to clone.
///
/// As an extractor of axum it wants a `Verifier` in the state. `Option<Caller>` lets requests without a token in;
/// one with a bad token is refused all the same.
#[derive(Clone)]
pub struct Caller(Arc<Checked>);

struct Checked {
    claims: Map<String, Value>,
    realm: Realm,
}

impl Caller {
    pub(crate) fn new(claims: Map<String, Value>, realm: Realm) -> Self {
        Self(Arc::new(Checked { claims, realm }))
    }

    /// The user's id (`sub`).
    #[must_use]
    pub fn subject(&self) -> &str {
        self.text("sub").unwrap_or_default() // never absent, as are the two below: see `claims::check`
    }

    /// The application that the token was given to (`client_id`).
    #[must_use]
    pub fn client(&self) -> &str {
        self.text("client_id").unwrap_or_default()
    }

    /// The token's own id (`jti`): the same for all requests with this token.
    #[must_use]
    pub fn token_id(&self) -> &str {
        self.text("jti").unwrap_or_default()
    }

    /// The session that the token belongs to (`sid`).
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.text("sid")
    }

    /// The organisation that the user acts for.
    #[must_use]
    pub fn organisation(&self) -> Option<&str> {
        self.text("organisation")
    }

    /// What the token permits (`scope`), one by one.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.text("scope").unwrap_or_default().split(' ').filter(|scope| !scope.is_empty())
    }

    /// Whether the token permits this.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|permitted| permitted == scope)
    }

    /// Ends a handler early where the token does not permit this: `caller.require_scope("orders:write")?`.
    ///
    /// # Errors
    /// The refusal to answer with, 403 `insufficient_scope`.
    pub fn require_scope(&self, scope: &str) -> Result<(), Refusal> {
        if self.has_scope(scope) {
            Ok(())
        } else {
            Err(Refusal::new(Reason::InsufficientScope(scope.to_owned()), &self.0.realm))
        }
    }

    /// When the person proved who they are (`auth_time`), in seconds since the epoch.
    #[must_use]
    pub fn signed_in_at(&self) -> Option<i64> {
        self.claim("auth_time").and_then(Value::as_i64)
    }

    /// Any claim of the token, by its name.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.0.claims.get(name)
    }

    #[cfg(feature = "axum")]
    pub(crate) fn realm(&self) -> &Realm {
        &self.0.realm
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claim(name).and_then(Value::as_str)
    }
}

/// Who, and of which application; nothing else of the token.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("subject", &self.subject())
            .field("client", &self.client())
            .finish_non_exhaustive()
    }
}
