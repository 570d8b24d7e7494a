//! Allowances, and the spelling of network addresses under which they are counted.

use std::{net::IpAddr, time::Duration};

/// Which allowance an attempt draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Sign-in attempts of one network address.
    SignInPerAddress,
    /// Sign-in attempts of one IPv6 site: everything in a /48.
    SignInPerSite,
    /// Sign-in attempts at one account (by its submitted name, whether it exists or not).
    SignInPerAccount,
    /// Accounts made from one network address.
    SignUpPerAddress,
    /// Accounts made from one IPv6 site.
    SignUpPerSite,
    /// Mails with a link that one network address asks for.
    LinkPerAddress,
    /// Mails with a link that one IPv6 site asks for.
    LinkPerSite,
    /// Mails with a link to one address of e-mail.
    LinkPerAccount,
}

impl Limit {
    /// Its name, as the audit trail has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignInPerAddress => "sign_in_per_address",
            Self::SignInPerSite => "sign_in_per_site",
            Self::SignInPerAccount => "sign_in_per_account",
            Self::SignUpPerAddress => "sign_up_per_address",
            Self::SignUpPerSite => "sign_up_per_site",
            Self::LinkPerAddress => "link_per_address",
            Self::LinkPerSite => "link_per_site",
            Self::LinkPerAccount => "link_per_account",
        }
    }

    /// The allowance of a whole site for what each of its addresses has an allowance of its own.
    #[must_use]
    pub const fn of_site(self) -> Option<Self> {
        match self {
            Self::SignInPerAddress => Some(Self::SignInPerSite),
            Self::SignUpPerAddress => Some(Self::SignUpPerSite),
            Self::LinkPerAddress => Some(Self::LinkPerSite),
            Self::SignInPerSite
            | Self::SignInPerAccount
            | Self::SignUpPerSite
            | Self::LinkPerSite
            | Self::LinkPerAccount => None,
        }
    }
}

/// Rate limits.
pub trait Limiter: Send + Sync {
    /// Takes one from the allowance of `key`, or says how long to wait.
    fn take(&self, limit: Limit, key: &str) -> Result<(), Duration>;
}

/// A client's network address in one spelling: IPv4 (also when mapped), or the /64 of an IPv6 (lesson 19).
#[must_use]
pub fn address_bucket(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// The site of an IPv6 address, its /48. One subscriber may hold as much, which is 65,536 times a /64: without a
/// bucket for all of it, a single client could fill the hashing queue.
#[must_use]
pub fn site_bucket(address: IpAddr) -> Option<String> {
    match address.to_canonical() {
        IpAddr::V4(_) => None,
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            Some(format!("{a:x}:{b:x}:{c:x}::/48"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lesson_19_every_spelling_of_an_address_and_all_of_a_64_share_one_bucket() {
        let bucket = |text: &str| address_bucket(text.parse().expect("an address"));
        assert_eq!(bucket("::ffff:10.0.0.1"), bucket("10.0.0.1"));
        assert_eq!(bucket("2001:db8::1"), bucket("2001:0db8:0:0:ffff:ffff:ffff:ffff"));
        assert_ne!(bucket("2001:db8::1"), bucket("2001:db8:0:1::1"));
    }

    #[test]
    fn lesson_19_every_64_of_a_site_shares_the_bucket_of_its_48() {
        let site = |text: &str| site_bucket(text.parse().expect("an address"));
        assert_eq!(site("2001:db8:7:1::1"), site("2001:db8:7:ffff::2"));
        assert_ne!(site("2001:db8:7::1"), site("2001:db8:8::1"));
        assert_eq!([site("10.0.0.1"), site("::ffff:10.0.0.1")], [None, None]);
    }
}
