//! The driver of the tests' kit, and whom all tests name.

pub(crate) use keyward_testkit::driver::{
    ADMIN_KEY, ALL, API, Asking, BOTH, Browser, FakeProvider, ORIGIN, Options, PASSWORD, Person, World,
    assert_needs_factor, build, endpoint, error_of, json, location, parts, path, protected, refresh_token,
    target, text, tokens, url, world,
};

pub(crate) const ADA: &str = "ada@example.com";
