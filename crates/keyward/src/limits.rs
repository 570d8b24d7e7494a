//! Rate limits, in process.

use std::{
    hash::{BuildHasher, RandomState},
    num::NonZeroU32,
    str::FromStr,
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};
use keyward_core::port::{Limit, Limiter};

/// How often something may happen: so many at once, and as many again spread over each period.
///
/// ```
/// use std::time::Duration;
/// use keyward::Rate;
///
/// let rate: Rate = "30/minute".parse()?;
/// assert_eq!(rate, Rate::new(30, Duration::from_secs(60)).expect("neither is zero"));
/// # Ok::<(), keyward::InvalidRate>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: NonZeroU32,
    per: Duration,
}

impl Rate {
    /// `count` in each `per`. `None` if one of them is zero, or there are more than 10⁹ in a second.
    #[must_use]
    pub fn new(count: u32, per: Duration) -> Option<Self> {
        let count = NonZeroU32::new(count)?;
        (!(per / count.get()).is_zero()).then_some(Self { count, per })
    }

    /// So many times as often; as often, where that is beyond all measure.
    fn times(self, factor: u32) -> Self {
        Self::new(self.count.get().saturating_mul(factor), self.per).unwrap_or(self)
    }

    fn quota(self) -> Quota {
        Quota::with_period(self.per / self.count.get())
            .expect("`new` refuses an empty period")
            .allow_burst(self.count)
    }
}

/// Not a rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no rate: write a count and a period, such as \"5/second\", \"30/minute\", \"100/hour\" or \"500/day\""
)]
pub struct InvalidRate(String);

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        let parse = || {
            let (count, per) = text.split_once('/')?;
            let seconds = match per.trim() {
                "second" => 1,
                "minute" => 60,
                "hour" => 60 * 60,
                "day" => 24 * 60 * 60,
                _ => return None,
            };
            Self::new(count.trim().parse().ok()?, Duration::from_secs(seconds))
        };
        parse().ok_or_else(|| InvalidRate(text.to_owned()))
    }
}

/// The allowances of a deployment. `None` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitSettings {
    /// Sign-in attempts of one network address: an IPv4, or the /64 of an IPv6. All of an IPv6 /48 together have
    /// twice as many. Default: 30 a minute.
    pub sign_in_per_address: Option<Rate>,
    /// Sign-in attempts at one account, from wherever. Default: 10 a minute. Whoever uses it up keeps the
    /// account's owner waiting too, so it refills steadily rather than locking the account.
    pub sign_in_per_account: Option<Rate>,
    /// Attempts to make an account from one network address, also those that are refused; all of an IPv6 /48
    /// together twice as many. Default: 20 an hour.
    pub sign_up_per_address: Option<Rate>,
    /// Mails with a sign-in link that one network address asks for, whoever they go to; all of an IPv6 /48 together
    /// twice as many. Default: 60 an hour.
    pub link_per_address: Option<Rate>,
    /// Mails with a sign-in link to one e-mail address, whoever asks. Default: 10 an hour.
    pub link_per_account: Option<Rate>,
}

impl LimitSettings {
    /// No limits at all: for load tests, or where something in front of Keyward limits.
    pub const NONE: Self = Self {
        sign_in_per_address: None,
        sign_in_per_account: None,
        sign_up_per_address: None,
        link_per_address: None,
        link_per_account: None,
    };
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            sign_in_per_address: Rate::new(30, Duration::from_secs(60)),
            sign_in_per_account: Rate::new(10, Duration::from_secs(60)),
            sign_up_per_address: Rate::new(20, Duration::from_secs(60 * 60)),
            link_per_address: Rate::new(60, Duration::from_secs(60 * 60)),
            link_per_account: Rate::new(10, Duration::from_secs(60 * 60)),
        }
    }
}

/// The limits of one process, in memory that does not grow with the number of those who try.
pub struct Limits<C: Clock = DefaultClock> {
    sign_in_per_address: Option<Buckets<C>>,
    sign_in_per_site: Option<Buckets<C>>,
    sign_in_per_account: Option<Buckets<C>>,
    sign_up_per_address: Option<Buckets<C>>,
    sign_up_per_site: Option<Buckets<C>>,
    link_per_address: Option<Buckets<C>>,
    link_per_site: Option<Buckets<C>>,
    link_per_account: Option<Buckets<C>>,
    clock: C,
    // Keys are kept as keyed hashes: of one size whatever was submitted, and not to be made to collide.
    hasher: RandomState,
}

impl Limits {
    /// With the process's steady clock.
    #[must_use]
    pub fn new(settings: LimitSettings) -> Self {
        Self::with_clock(settings, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Limits<C> {
    fn with_clock(settings: LimitSettings, clock: C) -> Self {
        let buckets = |rate: Option<Rate>| {
            rate.map(|rate| RateLimiter::new(rate.quota(), DashMapStateStore::default(), clock.clone()))
        };
        let of_site = |rate: Option<Rate>| buckets(rate.map(|rate| rate.times(PER_SITE)));
        Self {
            sign_in_per_address: buckets(settings.sign_in_per_address),
            sign_in_per_site: of_site(settings.sign_in_per_address),
            sign_in_per_account: buckets(settings.sign_in_per_account),
            sign_up_per_address: buckets(settings.sign_up_per_address),
            sign_up_per_site: of_site(settings.sign_up_per_address),
            link_per_address: buckets(settings.link_per_address),
            link_per_site: of_site(settings.link_per_address),
            link_per_account: buckets(settings.link_per_account),
            hasher: RandomState::new(),
            clock,
        }
    }

    /// Forgets those whose allowance is whole again.
    pub fn trim(&self) {
        let all = [
            &self.sign_in_per_address,
            &self.sign_in_per_site,
            &self.sign_in_per_account,
            &self.sign_up_per_address,
            &self.sign_up_per_site,
            &self.link_per_address,
            &self.link_per_site,
            &self.link_per_account,
        ];
        for buckets in all.into_iter().flatten() {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
    }
}

impl<C: Clock + Send + Sync> Limiter for Limits<C>
where
    C::Instant: Send + Sync,
{
    fn take(&self, limit: Limit, key: &str) -> Result<(), Duration> {
        let buckets = match limit {
            Limit::SignInPerAddress => &self.sign_in_per_address,
            Limit::SignInPerSite => &self.sign_in_per_site,
            Limit::SignInPerAccount => &self.sign_in_per_account,
            Limit::SignUpPerAddress => &self.sign_up_per_address,
            Limit::SignUpPerSite => &self.sign_up_per_site,
            Limit::LinkPerAddress => &self.link_per_address,
            Limit::LinkPerSite => &self.link_per_site,
            Limit::LinkPerAccount => &self.link_per_account,
        };
        let Some(buckets) = buckets else { return Ok(()) };
        let mut key = self.hasher.hash_one(key);
        if buckets.len() >= MANY {
            key %= SHARED;
        }
        buckets.check_key(&key).map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

type Buckets<C> = RateLimiter<u64, DashMapStateStore<u64>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// How many times the allowance of an address its whole IPv6 site has. Both together stay below what may wait to be
/// hashed on two processors, so that no single site fills the queue.
const PER_SITE: u32 = 2;
/// From so many keys on, within one period, no key gets a bucket of its own any more …
const MANY: usize = 100_000;
/// … but shares one of these: an attack from everywhere is still slowed down, and memory stays bounded.
const SHARED: u64 = 4096;

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limits(rate: &str) -> Limits<FakeRelativeClock> {
        let rate = Some(rate.parse().expect("a rate"));
        Limits::with_clock(
            LimitSettings { sign_in_per_address: rate, ..LimitSettings::NONE },
            FakeRelativeClock::default(),
        )
    }

    fn take(limits: &Limits<FakeRelativeClock>, key: &str) -> Result<(), Duration> {
        limits.take(Limit::SignInPerAddress, key)
    }

    #[test]
    fn what_is_used_up_comes_back_steadily_and_the_wait_is_told() {
        let limits = limits("30/minute");
        for _ in 0..30 {
            assert_eq!(take(&limits, "10.0.0.1"), Ok(()));
        }
        assert_eq!(take(&limits, "10.0.0.1"), Err(Duration::from_secs(2)));
        assert_eq!(take(&limits, "10.0.0.2"), Ok(()), "another address has its own");

        limits.clock.advance(Duration::from_secs(2));
        assert_eq!(take(&limits, "10.0.0.1"), Ok(()));
        assert!(take(&limits, "10.0.0.1").is_err());
        limits.clock.advance(Duration::from_secs(60));
        assert_eq!((0..40).filter(|_| take(&limits, "10.0.0.1").is_ok()).count(), 30);
    }

    #[test]
    fn each_limit_counts_for_itself_and_without_a_rate_there_is_none() {
        let limits = limits("1/hour");
        assert_eq!(take(&limits, "x"), Ok(()));
        assert!(take(&limits, "x").is_err());
        for _ in 0..100 {
            assert_eq!(limits.take(Limit::SignInPerAccount, "x"), Ok(()));
            assert_eq!(limits.take(Limit::SignUpPerAddress, "x"), Ok(()));
            assert_eq!(limits.take(Limit::LinkPerAccount, "x"), Ok(()));
        }
    }

    #[test]
    fn lesson_19_a_whole_ipv6_site_has_twice_the_allowance_of_one_address() {
        let limits = limits("30/minute");
        let served = (0..1000).filter(|_| limits.take(Limit::SignInPerSite, "2001:db8:7::/48").is_ok());
        assert_eq!(served.count(), 60);
    }

    #[test]
    fn those_who_are_whole_again_are_forgotten() {
        let limits = limits("2/minute");
        for n in 0..1000 {
            assert_eq!(take(&limits, &n.to_string()), Ok(()));
        }
        let kept = || limits.sign_in_per_address.as_ref().map_or(0, RateLimiter::len);
        assert_eq!(kept(), 1000);
        limits.clock.advance(Duration::from_secs(120));
        limits.trim();
        assert_eq!(kept(), 0);
    }

    #[test]
    fn memory_is_bounded_whatever_the_number_of_addresses_and_they_are_still_limited() {
        let limits = limits("2/day");
        let served = (0..MANY + 20_000).filter(|n| take(&limits, &n.to_string()).is_ok()).count();
        let kept = limits.sign_in_per_address.as_ref().map_or(0, RateLimiter::len);
        assert!(kept <= MANY + 4096, "{kept}");
        assert!(served <= MANY + 2 * 4096, "{served}");
    }

    #[test]
    fn a_rate_is_a_count_and_a_period() {
        assert_eq!("5/second".parse(), Ok(Rate::new(5, Duration::from_secs(1)).expect("a rate")));
        assert_eq!(" 100 / hour ".parse(), Ok(Rate::new(100, Duration::from_secs(3600)).expect("a rate")));
        for bad in [
            "",
            "5",
            "5/",
            "/minute",
            "0/minute",
            "-1/minute",
            "1.5/minute",
            "5/week",
            "5/minute/2",
            "4294967296/day",
        ] {
            assert_eq!(bad.parse::<Rate>(), Err(InvalidRate(bad.to_owned())), "{bad:?}");
        }
    }
}
