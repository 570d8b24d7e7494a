//! Tokens for programs.

use std::{collections::HashSet, time::Duration};

use keyward_core::tokens::{Algorithm, TokenSettings};

use super::is_origin;
use crate::{mistake::Mistake, plan::Plan};

/// An access token cannot be called back.
const LONGEST_ACCESS: Duration = Duration::from_hours(24);
/// Longer than any two requests of one program are apart; shorter than it takes to carry a copy off unseen.
const LONGEST_GRACE: Duration = Duration::from_mins(5);
/// Below an hour, keys would change while others still keep the key set.
const SHORTEST_KEY: Duration = Duration::from_hours(1);
const YEAR: Duration = Duration::from_hours(24 * 366);

pub(super) fn mistakes(plan: &Plan, found: &mut Vec<Mistake>) {
    let known = plan.tokens.as_ref().map(|tokens| &tokens.audiences[..]).unwrap_or_default();
    for (index, client) in plan.clients.iter().enumerate() {
        for (place, name) in client.audiences.iter().enumerate() {
            if !known.iter().any(|audience| audience.name == *name) {
                found.push(Mistake::new(
                    format!("clients[{index}].audiences[{place}]"),
                    format!("{name:?} is no audience that access tokens are made for"),
                    "write it as one of tokens.audiences has it",
                ));
            }
        }
        for (place, id) in client.vouches_for.iter().enumerate() {
            if !plan.providers.iter().any(|way| way.id() == id) {
                found.push(Mistake::new(
                    format!("clients[{index}].vouches_for[{place}]"),
                    format!("there is no provider {id:?}"),
                    "write a provider's id",
                ));
            }
        }
    }
    let Some(tokens) = &plan.tokens else { return };
    audiences(tokens, found);
    if !TokenSettings::ALGORITHMS.contains(&tokens.algorithm) {
        found.push(Mistake::new(
            "tokens.algorithm",
            format!("access tokens are not signed with {}", tokens.algorithm.name()),
            format!("use {}", TokenSettings::ALGORITHMS.map(Algorithm::name).join(", ")),
        ));
    }
    let second = Duration::from_secs(1);
    for (field, value, (least, most)) in [
        ("access_lifetime", tokens.access_lifetime, (second, LONGEST_ACCESS)),
        ("refresh_lifetime", tokens.refresh_lifetime, (second, YEAR)),
        ("refresh_grace", tokens.refresh_grace, (Duration::ZERO, LONGEST_GRACE)),
        ("key_lifetime", tokens.key_lifetime, (SHORTEST_KEY, YEAR)),
    ] {
        span(&format!("tokens.{field}"), value, least, most, found);
    }
    for (index, origin) in tokens.allowed_origins.iter().enumerate() {
        if !is_origin(origin) {
            found.push(Mistake::new(
                format!("tokens.allowed_origins[{index}]"),
                format!("{origin:?} is not an origin"),
                "write scheme, host and port alone, in lower case, such as https://app.example",
            ));
        }
    }
}

fn audiences(tokens: &TokenSettings, found: &mut Vec<Mistake>) {
    if tokens.audiences.is_empty() {
        found.push(Mistake::new(
            "tokens.audiences",
            "access tokens are for nobody",
            "name the service that is to take them, such as [[tokens.audiences]] with name = \"https://api.example\"",
        ));
    }
    let mut names = HashSet::new();
    for (index, audience) in tokens.audiences.iter().enumerate() {
        let at = format!("tokens.audiences[{index}]");
        let is_plain =
            |text: &str| !text.is_empty() && text.len() <= 200 && text.bytes().all(|b| b.is_ascii_graphic());
        if !is_plain(&audience.name) {
            found.push(Mistake::new(
                format!("{at}.name"),
                format!("{:?} can't name a service", audience.name),
                "write its address, or another text of at most 200 visible ASCII characters",
            ));
        }
        if !names.insert(&audience.name) {
            found.push(Mistake::new(
                format!("{at}.name"),
                format!("there are two audiences {:?}", audience.name),
                "give each its own name",
            ));
        }
        for (place, scope) in audience.scopes.iter().enumerate() {
            // RFC 6749 section 3.3.
            if !is_plain(scope) || scope.contains(['"', '\\']) {
                found.push(Mistake::new(
                    format!("{at}.scopes[{place}]"),
                    format!("{scope:?} is no scope"),
                    "write visible ASCII characters without quotes, backslashes and blanks",
                ));
            }
        }
        if let Some(lifetime) = audience.lifetime {
            span(&format!("{at}.lifetime"), lifetime, Duration::from_secs(1), LONGEST_ACCESS, found);
        }
    }
}

fn span(field: &str, value: Duration, least: Duration, most: Duration, found: &mut Vec<Mistake>) {
    if value < least || value > most {
        let (least, most) = (least.as_secs(), most.as_secs());
        found.push(Mistake::new(
            field,
            format!("this is {} seconds", value.as_secs()),
            format!("write a span of {least} to {most} seconds"),
        ));
    }
}
