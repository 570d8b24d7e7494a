//! Every route and its rules, in one table (invariant 7).

use http::Method;

/// One route and its rules. HEAD goes wherever GET goes.
#[derive(Clone, Copy, Debug)]
pub struct RouteSpec {
    /// Method.
    pub method: &'static str,
    /// Where `path` starts.
    pub scope: Scope,
    /// Path without a slash in front; `{name}` stands for one segment.
    pub path: &'static str,
    /// Who gets in.
    pub gate: Gate,
    /// Who may keep the answer.
    pub cache: Cache,
    /// Largest body read, in bytes.
    pub body: usize,
}

/// Where a route's path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// At the base path.
    Base,
    /// At the root.
    Root,
}

/// Who gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Everybody; an anonymous caller changes nothing and learns nothing about anybody.
    Public,
    /// Who proves by the double-submitted token that the browser's own page sent it.
    Csrf,
    /// Who brings what the browser was given when it was sent to a provider; for other providers as [`Gate::Csrf`].
    Attempt,
    /// Who is signed in; what they change needs the double-submitted token, too.
    Session,
    /// An application with a credential of its own, and the person whose session it brings along.
    Client,
    /// Who proves in the call itself who they are: by a password, a provider's word, a refresh token.
    Proof,
    /// Who brings an access token.
    Bearer,
    /// An operator with one of the deployment's admin keys. Where there are none, nothing is here.
    Admin,
    /// The developer, on the machine that it runs on. In production nothing is here.
    Developer,
}

/// Who may keep the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// Nobody: it sets or reads identity (lesson 59).
    NoStore,
    /// Everybody, for good: the address changes with the content.
    Immutable,
    /// Everybody, for some minutes.
    Minutes,
}

const FORM: usize = 1024 * 1024;
const LOG: usize = 64 * 1024;
const CALL: usize = 16 * 1024;

/// Development's mailbox, under the base path.
pub(crate) const MAILBOX: &str = "-/mailbox";

/// The keys that access tokens are checked with, where others look for them (RFC 8615).
pub(crate) const KEY_SET: &str = ".well-known/jwks.json";
/// What wakes open tabs, under the base path.
pub(crate) const EVENTS: &str = "-/v1/sessions/events";

/// Every route there is. What is not in it reaches the engine without a body and is refused there in the
/// words of the dialect.
#[rustfmt::skip]
pub const ROUTES: &[RouteSpec] = &[
    get("csrf"),
    get("providers"),
    get("session"),
    post("session", Gate::Csrf, FORM),
    get("signin"),
    get("signin/{provider}"),
    post("signin", Gate::Csrf, FORM),
    post("signin/{provider}", Gate::Csrf, FORM),
    get("callback/{provider}"),
    post("callback/{provider}", Gate::Attempt, FORM),
    get("signout"),
    post("signout", Gate::Csrf, FORM),
    get("verify-request"),
    get("error"),
    get("error/{code}"),
    post("_log", Gate::Public, LOG),
    get("-/signup"),
    get("-/signed-out"),
    get("-/verify-email"),
    post("-/verify-email", Gate::Csrf, CALL),
    get("-/reset"),
    post("-/reset", Gate::Csrf, CALL),
    get("-/change-email"),
    post("-/change-email", Gate::Csrf, CALL),
    get("-/return-email"),
    post("-/return-email", Gate::Csrf, CALL),
    get("-/account"),
    post("-/account", Gate::Csrf, CALL),
    get("-/account/sign-in"),
    post("-/account/sign-in/unlink", Gate::Csrf, CALL),
    get("-/account/sessions"),
    post("-/account/sessions/end", Gate::Csrf, CALL),
    get("-/account/activity"),
    get("-/account/password"),
    post("-/account/password", Gate::Csrf, CALL),
    get("-/account/email"),
    post("-/account/email", Gate::Csrf, CALL),
    get("-/account/delete"),
    post("-/account/delete", Gate::Csrf, CALL),
    get("-/account/export"),
    post("-/account/export", Gate::Csrf, CALL),
    post("-/v1/account/verify-email", Gate::Csrf, CALL),
    post("-/v1/account/reset", Gate::Csrf, CALL),
    post("-/v1/account/email/return", Gate::Csrf, CALL),
    post("-/v1/account/email/confirm", Gate::Session, CALL),
    post("-/v1/account/email", Gate::Session, CALL),
    post("-/v1/account/password", Gate::Session, CALL),
    post("-/v1/account/delete", Gate::Session, CALL),
    post("-/v1/account/export", Gate::Session, CALL),
    get("webauthn-options/{provider}"),
    get("-/factor"),
    post("-/factor", Gate::Csrf, CALL),
    get("-/confirm"),
    post("-/confirm", Gate::Csrf, CALL),
    get("-/account/totp"),
    post("-/account/totp", Gate::Csrf, CALL),
    post("-/account/totp/remove", Gate::Csrf, CALL),
    post("-/account/totp/codes", Gate::Csrf, CALL),
    get("-/account/passkeys"),
    post("-/account/passkeys", Gate::Csrf, CALL),
    post("-/account/passkeys/remove", Gate::Csrf, CALL),
    RouteSpec { gate: Gate::Session, ..get("-/v1/accounts") },
    post("-/v1/accounts/unlink", Gate::Session, CALL),
    RouteSpec { gate: Gate::Session, ..get("-/v1/activity") },
    post("-/v1/token", Gate::Client, CALL),
    post("-/v1/sign-up", Gate::Proof, CALL),
    post("-/v1/sign-in", Gate::Proof, CALL),
    post("-/v1/factor", Gate::Proof, CALL),
    post("-/v1/exchange", Gate::Proof, CALL),
    post("-/v1/refresh", Gate::Proof, CALL),
    post("-/v1/sign-out", Gate::Proof, CALL),
    RouteSpec { gate: Gate::Bearer, ..get("-/v1/me") },
    RouteSpec { cache: Cache::Minutes, ..get("-/v1/jwks") },
    RouteSpec { cache: Cache::Minutes, ..get("-/v1/openapi.json") },
    RouteSpec { scope: Scope::Root, cache: Cache::Minutes, ..get(KEY_SET) },
    RouteSpec { gate: Gate::Session, ..get("-/v1/sessions") },
    post("-/v1/sessions/end", Gate::Session, CALL),
    RouteSpec { gate: Gate::Session, ..get(EVENTS) },
    RouteSpec { gate: Gate::Admin, ..get("-/v1/admin/activity") },
    RouteSpec { gate: Gate::Admin, ..get("-/v1/admin/users") },
    RouteSpec { gate: Gate::Admin, ..get("-/v1/admin/users/{id}") },
    RouteSpec { method: "PATCH", ..post("-/v1/admin/users/{id}", Gate::Admin, CALL) },
    RouteSpec { method: "DELETE", ..post("-/v1/admin/users/{id}", Gate::Admin, 0) },
    RouteSpec { gate: Gate::Admin, ..get("-/v1/admin/users/{id}/sessions") },
    RouteSpec { method: "DELETE", ..post("-/v1/admin/users/{id}/sessions", Gate::Admin, 0) },
    RouteSpec { method: "PATCH", ..post("-/v1/admin/sessions/{id}", Gate::Admin, CALL) },
    RouteSpec { method: "DELETE", ..post("-/v1/admin/sessions/{id}", Gate::Admin, 0) },
    RouteSpec { cache: Cache::Immutable, ..get("-/assets/{file}") },
    RouteSpec { gate: Gate::Developer, ..get(MAILBOX) },
    RouteSpec { gate: Gate::Developer, ..get("-/mailbox/{number}") },
    RouteSpec { scope: Scope::Root, ..get("healthz") },
    RouteSpec { scope: Scope::Root, ..get("readyz") },
];

/// The rules of a route under the base path.
pub(crate) fn find(method: &Method, path: &[String]) -> Option<&'static RouteSpec> {
    // Each request is held against most of the table: no pattern is taken apart that a look at its start rules out.
    let matches = |pattern: &str| {
        let mut left = Some(pattern);
        let fits = path.iter().all(|segment| {
            let Some(part) = left else { return false };
            let behind = if part.starts_with('{') {
                part.find('/').map_or("", |end| &part[end..])
            } else {
                match part.strip_prefix(segment.as_str()) {
                    // A slash in a segment was spelled %2F: it parts nothing.
                    Some(behind) if !segment.contains('/') => behind,
                    _ => return false,
                }
            };
            left = behind.strip_prefix('/');
            left.is_some() || behind.is_empty()
        });
        fits && left.is_none()
    };
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    ROUTES.iter().find(|spec| spec.scope == Scope::Base && spec.method == method && matches(spec.path))
}

const fn get(path: &'static str) -> RouteSpec {
    RouteSpec { method: "GET", scope: Scope::Base, path, gate: Gate::Public, cache: Cache::NoStore, body: 0 }
}

const fn post(path: &'static str, gate: Gate, body: usize) -> RouteSpec {
    RouteSpec { method: "POST", scope: Scope::Base, path, gate, cache: Cache::NoStore, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_that_was_spelled_out_within_a_segment_parts_nothing() {
        let found = |segments: &[&str]| {
            let path: Vec<String> = segments.iter().map(|&segment| segment.to_owned()).collect();
            find(&Method::GET, &path).map(|spec| spec.path)
        };
        assert_eq!(found(&["signin"]), Some("signin"));
        assert_eq!(found(&["signin", "github"]), Some("signin/{provider}"));
        assert_eq!(
            found(&["-", "v1", "admin", "users", "a/b", "sessions"]),
            Some("-/v1/admin/users/{id}/sessions")
        );
        for none in [
            &[][..],
            &[""],
            &["signin/github"],
            &["-/v1", "me"],
            &["sign"],
            &["signing"],
            &["signin", "a", "b"],
        ] {
            assert_eq!(found(none), None, "{none:?}");
        }
    }
}
