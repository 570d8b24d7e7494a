//! The engine, driven as browsers and programs drive it, over ports that a test commands.

mod browser;
mod events;
mod factors;
mod mail;
mod programs;
mod provider;
mod world;

pub use self::{
    browser::{Browser, error_of, json, location, target, url},
    factors::{App, ORIGIN, assert_needs_factor, factor_page, protected},
    mail::parts,
    programs::{API, Asking, refresh_token, text, tokens},
    provider::{FakeProvider, Person},
    world::{ADMIN_KEY, ALL, BOTH, Options, PASSWORD, World, build, build_over, endpoint, path, world},
};
