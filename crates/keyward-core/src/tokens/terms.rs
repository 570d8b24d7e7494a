//! What a program may have: decided when it signs in, and narrower from then on, never wider (lesson 33).

use serde::{Deserialize, Serialize};

use super::{
    Client,
    settings::{Audience, TokenSettings},
};
use crate::error::{Code, Refusal};

/// What a request asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Names of audiences. Empty: whatever is usual.
    pub audiences: Vec<String>,
    /// Scopes with blanks between them. `None`: all that there are.
    pub scope: Option<String>,
}

/// What a family of refresh tokens allows: for each audience its scopes. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// In the order in which they were asked for.
    pub access: Vec<Access>,
    /// When the person proved who they are, in seconds since the epoch.
    pub auth_time: Option<i64>,
}

/// One audience and the scopes there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Name of the audience.
    pub audience: String,
    /// Scopes.
    pub scopes: Vec<String>,
}

impl Access {
    /// The scopes as tokens and answers write them.
    #[must_use]
    pub fn scope(&self) -> String {
        self.scopes.join(" ")
    }
}

/// What somebody who signs in gets. `client` is the application that they use, if it has a credential.
///
/// # Errors
/// [`Code::InvalidTarget`] for an audience that is not theirs to ask for, [`Code::InvalidScope`] for a scope that none of
/// them has.
pub fn granted(
    settings: &TokenSettings,
    client: Option<&Client>,
    wanted: &Wanted,
) -> Result<Vec<Access>, Refusal> {
    let theirs = |audience: &&Audience| match client {
        Some(client) => client.audiences.contains(&audience.name),
        None => !audience.clients_only,
    };
    let mut access = Vec::new();
    for name in &wanted.audiences {
        let audience = settings.audience(name).filter(theirs).ok_or_else(invalid_target)?;
        access.push(Access { audience: audience.name.clone(), scopes: audience.scopes.clone() });
    }
    if access.is_empty() {
        let audience = settings.audiences.iter().find(theirs).ok_or_else(invalid_target)?;
        access.push(Access { audience: audience.name.clone(), scopes: audience.scopes.clone() });
    }
    narrow_scopes(&mut access, wanted.scope.as_deref())?;
    Ok(access)
}

/// What an access token may say of what was granted: one audience. The deployment may have taken audiences and scopes
/// away since.
///
/// # Errors
/// As [`granted`].
pub fn narrowed(settings: &TokenSettings, terms: &[Access], wanted: &Wanted) -> Result<Access, Refusal> {
    let granted = match wanted.audiences.as_slice() {
        [] => terms.first(),
        [name] => terms.iter().find(|access| access.audience == *name),
        _ => None,
    };
    let granted = granted.ok_or_else(invalid_target)?;
    let audience = settings.audience(&granted.audience).ok_or_else(invalid_target)?;
    let mut access = vec![granted.clone()];
    access[0].scopes.retain(|scope| audience.scopes.contains(scope));
    narrow_scopes(&mut access, wanted.scope.as_deref())?;
    access.pop().ok_or_else(invalid_target)
}

fn narrow_scopes(access: &mut [Access], wanted: Option<&str>) -> Result<(), Refusal> {
    let Some(wanted) = wanted else { return Ok(()) };
    let wanted: Vec<&str> = wanted.split(' ').filter(|scope| !scope.is_empty()).collect();
    let known = |scope: &&str| access.iter().any(|access| access.scopes.iter().any(|own| own == scope));
    if !wanted.iter().all(known) {
        return Err(Refusal::new(Code::InvalidScope));
    }
    for access in access {
        access.scopes.retain(|scope| wanted.contains(&scope.as_str()));
    }
    Ok(())
}

fn invalid_target() -> Refusal {
    Refusal::new(Code::InvalidTarget)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn settings() -> TokenSettings {
        let audience = |name: &str, scopes: &[&str], clients_only| Audience {
            name: name.to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            clients_only,
            ..Audience::default()
        };
        let audiences = vec![
            audience("shop", &["read", "write"], false),
            audience("blog", &["read", "post"], false),
            audience("ledger", &["audit"], true),
        ];
        TokenSettings { audiences, ..TokenSettings::default() }
    }

    fn wanted(audiences: &[&str], scope: Option<&str>) -> Wanted {
        Wanted {
            audiences: audiences.iter().map(|name| (*name).to_owned()).collect(),
            scope: scope.map(str::to_owned),
        }
    }

    fn client(audiences: &[&str]) -> Client {
        let audiences = audiences.iter().map(|name| (*name).to_owned()).collect();
        Client { id: "app".to_owned(), secret: Secret::from("x"), audiences, vouches_for: Vec::new() }
    }

    fn said(access: &[Access]) -> Vec<(&str, String)> {
        access.iter().map(|access| (access.audience.as_str(), access.scope())).collect()
    }

    #[test]
    fn f2_who_names_nothing_gets_the_first_audience_with_all_its_scopes() {
        let access = granted(&settings(), None, &Wanted::default()).expect("granted");
        assert_eq!(said(&access), [("shop", "read write".to_owned())]);
        let access = granted(&settings(), Some(&client(&["ledger"])), &Wanted::default()).expect("granted");
        assert_eq!(said(&access), [("ledger", "audit".to_owned())]);
    }

    #[test]
    fn f2_scopes_are_those_that_were_asked_for_and_exist() {
        let access =
            granted(&settings(), None, &wanted(&["shop", "blog"], Some("read post"))).expect("granted");
        assert_eq!(said(&access), [("shop", "read".to_owned()), ("blog", "read post".to_owned())]);
        for scope in ["admin", "read admin", "audit", "READ"] {
            let refused = granted(&settings(), None, &wanted(&["shop"], Some(scope))).expect_err(scope);
            assert_eq!(refused.code, Code::InvalidScope, "{scope}");
        }
        let none = granted(&settings(), None, &wanted(&["shop"], Some(""))).expect("granted");
        assert_eq!(said(&none), [("shop", String::new())]);
    }

    #[test]
    fn lesson_33_an_audience_is_the_clients_own_or_nobodys() {
        let app = client(&["shop"]);
        for (client, audiences) in [
            (None, vec!["ledger"]),
            (None, vec!["nowhere"]),
            (None, vec!["shop", "ledger"]),
            (None, vec!["SHOP"]),
            (Some(&app), vec!["blog"]),
            (Some(&app), vec!["ledger"]),
        ] {
            let refused = granted(&settings(), client, &wanted(&audiences, None)).expect_err("refused");
            assert_eq!(refused.code, Code::InvalidTarget, "{audiences:?}");
        }
        let nothing = granted(&settings(), Some(&client(&[])), &Wanted::default()).expect_err("refused");
        assert_eq!(nothing.code, Code::InvalidTarget);
    }

    #[test]
    fn lesson_33_what_was_granted_narrows_and_never_widens() {
        let terms = granted(&settings(), None, &wanted(&["blog", "shop"], Some("read"))).expect("granted");
        let token = |wanted| {
            narrowed(&settings(), &terms, &wanted).map(|access| (access.audience.clone(), access.scope()))
        };
        assert_eq!(token(Wanted::default()).expect("narrowed"), ("blog".to_owned(), "read".to_owned()));
        assert_eq!(token(wanted(&["shop"], None)).expect("narrowed"), ("shop".to_owned(), "read".to_owned()));
        assert_eq!(token(wanted(&["shop"], Some(""))).expect("narrowed").1, "");
        for (wanted, code) in [
            (wanted(&["shop"], Some("write")), Code::InvalidScope),
            (wanted(&["blog"], Some("read post")), Code::InvalidScope),
            (wanted(&["ledger"], None), Code::InvalidTarget),
            (wanted(&["shop", "blog"], None), Code::InvalidTarget),
        ] {
            assert_eq!(token(wanted.clone()).expect_err("refused").code, code, "{wanted:?}");
        }
    }

    #[test]
    fn what_a_deployment_takes_away_is_gone_from_grants_of_before() {
        let terms = granted(&settings(), None, &wanted(&["shop"], None)).expect("granted");
        let mut less = settings();
        less.audiences[0].scopes.retain(|scope| scope == "read");
        assert_eq!(narrowed(&less, &terms, &Wanted::default()).expect("narrowed").scope(), "read");
        less.audiences.remove(0);
        assert_eq!(narrowed(&less, &terms, &Wanted::default()).expect_err("gone").code, Code::InvalidTarget);
    }
}
