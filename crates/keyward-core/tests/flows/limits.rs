//! What an attempt draws on before anything costly happens (issue section 3).

use crate::support::{PASSWORD, World, world};
use keyward_core::{dialect::Dialect, port::Limit, settings::Strategy};

fn deployment() -> World {
    world(Dialect::NextAuth4, Strategy::Sealed)
}

fn accounts(world: &World) -> Vec<String> {
    let taken = world.limits.taken().into_iter();
    taken.filter(|(limit, _)| *limit == Limit::SignInPerAccount).map(|(_, key)| key).collect()
}

#[tokio::test]
async fn every_spelling_of_an_account_draws_on_the_same_allowance() {
    let world = deployment();
    let full_width = "\u{ff41}da\u{ff20}example.com";
    for spelling in ["ada@example.com", " ADA@Example.com", full_width, "\u{1d4ea}da@example.com"] {
        world.browser().sign_in(spelling, PASSWORD).await;
    }
    assert_eq!(accounts(&world), ["ada@example.com"; 4]);
    world.browser().sign_in(" Ada Lovelace ", PASSWORD).await;
    assert_eq!(accounts(&world), ["ada lovelace"]);
}

#[tokio::test]
async fn a_sign_up_is_an_attempt_from_its_network_at_nobodys_account() {
    let world = deployment();
    world.browser().sign_up("ada@example.com").await;
    let taken =
        [Limit::SignInPerAddress, Limit::SignUpPerAddress].map(|limit| (limit, "127.0.0.1".to_owned()));
    assert_eq!(world.limits.taken(), taken);
}

#[tokio::test]
async fn who_has_to_choose_another_password_loses_no_sign_up_by_it() {
    let world = deployment();
    for (email, password) in [("ada@example.com", "password1"), ("no address", PASSWORD), ("", PASSWORD)] {
        world.browser().post("callback/signup", &[("email", email), ("password", password)]).await;
    }
    assert!(world.limits.taken().iter().all(|(limit, _)| *limit == Limit::SignInPerAddress));
}

#[tokio::test]
async fn lesson_19_an_attempt_over_ipv6_draws_on_its_site_first() {
    let world = deployment();
    let mut browser = world.browser();
    browser.address = "2001:db8:7:1::9".parse().expect("an address");
    browser.sign_in("ada@example.com", PASSWORD).await;
    browser.sign_up("ada@example.com").await;
    let taken = world.limits.taken();
    let taken: Vec<_> = taken.iter().map(|(limit, key)| (*limit, key.as_str())).collect();
    assert_eq!(
        taken,
        [
            (Limit::SignInPerSite, "2001:db8:7::/48"),
            (Limit::SignInPerAddress, "2001:db8:7:1::/64"),
            (Limit::SignInPerAccount, "ada@example.com"),
            (Limit::SignInPerSite, "2001:db8:7::/48"),
            (Limit::SignInPerAddress, "2001:db8:7:1::/64"),
            (Limit::SignUpPerSite, "2001:db8:7::/48"),
            (Limit::SignUpPerAddress, "2001:db8:7:1::/64"),
        ]
    );
}
