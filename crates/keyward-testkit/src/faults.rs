//! Whole flows over a store that fails: each call that a flow makes of its store fails in its turn, once before it took
//! effect and once after.
//!
//! [`flow_faults!`](crate::flow_faults) turns each flow into a test of its own, on the store that it is given, and holds
//! that no operation of a store is left out. A flow is prepared anew for each fault, so that everything is as it was:
//! clock and randomness are the same in each run, and so is what the store holds. After a fault it holds
//!
//! - what it held before the flow, or what it holds after it when nothing fails: nothing is half done;
//! - what the person was told: who is told of a success has what they wanted;
//! - what lets them try again: then they have it, or find that they have it already.

mod accounts;
mod entering;
mod factors;
mod jobs;
mod operators;
mod passkeys;
mod programs;
mod recovery;
mod sessions;
mod state;
mod tokens;

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
};

use keyward_core::{
    dialect::Dialect,
    event::EventKind,
    method::passkey::PasskeySettings,
    port::{Store, StoreError},
    reply::Reply,
    settings::{RedirectProvider, SignOutScope, Strategy, Verification},
};
use serde_json::Value;

use self::state::state;
pub use self::{
    accounts::*, entering::*, factors::*, jobs::*, operators::*, passkeys::*, programs::*, recovery::*,
    sessions::*, tokens::*,
};
use crate::{
    Fault, Operation,
    driver::{BOTH, Browser, FakeProvider, Options, build_over, path},
};

/// Makes one `#[tokio::test]` of every flow, and one of all of them: that every operation of the store fails in one.
///
/// The expression is as for [`store_contract!`](crate::store_contract), but it may not use `.await`.
#[macro_export]
macro_rules! flow_faults {
    ($make:expr) => {
        $crate::flow_faults! { @each $make;
            a_sign_up
            a_sign_in_with_a_password
            a_wrong_password
            a_link_that_is_asked_for
            a_sign_in_by_a_link
            a_sign_in_at_a_back_end
            a_first_sign_in_at_another_site
            a_further_sign_in_at_another_site
            a_sign_out
            a_sign_out_here_and_at_another_site

            an_account_that_is_added
            an_account_that_is_unlinked
            accounts_that_are_listed
            a_name_that_is_changed
            an_account_that_is_looked_at

            a_session_that_is_read
            a_session_that_nextauth_began
            a_session_that_lives_on
            a_session_that_was_changed_from_outside
            a_session_that_is_updated
            sessions_that_are_listed
            sessions_that_are_ended

            an_app_that_is_added
            an_app_that_is_removed
            codes_that_are_replaced
            a_second_factor_by_an_app
            a_second_factor_by_a_recovery_code
            a_wrong_code_too_many
            a_second_factor_after_another_site
            a_recent_sign_in_by_a_password
            a_recent_sign_in_by_an_app

            a_passkey_that_is_added
            a_passkey_that_is_removed
            a_sign_in_with_a_passkey
            a_sign_up_with_a_passkey
            a_second_factor_by_a_passkey
            a_recent_sign_in_by_a_passkey

            a_reset_that_is_asked_for
            a_password_that_is_reset
            a_password_that_is_changed
            a_verification_that_is_asked_for
            an_address_that_is_proven
            a_change_of_address_that_is_asked_for
            an_address_that_is_changed
            an_address_that_is_taken_back
            data_that_are_exported
            a_person_who_leaves

            a_program_that_signs_up
            a_program_that_signs_in
            a_program_that_shows_a_second_factor
            a_program_that_refreshes
            a_program_that_signs_out
            keys_that_are_made

            a_back_ends_tokens_that_are_refreshed

            an_operator_who_looks_somebody_up
            an_operator_who_changes_somebody
            an_operator_who_disables_somebody
            an_operator_who_removes_somebody
            an_operator_who_ends_sessions
            an_operator_who_changes_a_session
            an_operator_who_reads_the_trail

            what_an_operator_does_without_a_server
            what_is_done_in_the_background
        }
    };
    (@each $make:expr; $($flow:ident)*) => {
        $(
            #[tokio::test]
            async fn $flow() {
                $crate::faults::$flow(&$crate::faults::Stage::new(|| {
                    let (store, keep) = $make;
                    (store, ::std::boxed::Box::new(keep))
                }))
                .await;
            }
        )*

        #[tokio::test]
        async fn every_operation_of_the_store_fails_in_some_flow() {
            let stage = $crate::faults::Stage::noting(|| {
                let (store, keep) = $make;
                (store, ::std::boxed::Box::new(keep))
            });
            $(
                stage.begins(stringify!($flow));
                $crate::faults::$flow(&stage).await;
            )*
            stage.assert_that_none_is_left_out();
        }
    };
}

/// A store of its own, and what has to live as long.
type Made = (Arc<dyn Store>, Box<dyn Any>);

/// Where flows are played, each time on a store of its own.
pub struct Stage {
    make: Box<dyn Fn() -> Made>,
    /// What each flow asked the store, where that is all that is wanted.
    noted: Option<Mutex<Noted>>,
}

#[derive(Default)]
struct Noted {
    flow: &'static str,
    asked: BTreeMap<Operation, BTreeSet<&'static str>>,
}

/// What somebody was told.
pub trait Told: Debug {
    /// That it worked.
    fn is_success(&self) -> bool;
    /// That it cannot be done now.
    fn is_unavailable(&self) -> bool;
}

impl Told for Reply {
    fn is_success(&self) -> bool {
        self.refused.is_none() && self.status < 400
    }

    fn is_unavailable(&self) -> bool {
        self.refused.as_ref().is_some_and(|(code, _)| *code == "store_unavailable")
    }
}

impl Told for (u16, Value) {
    fn is_success(&self) -> bool {
        self.0 == 200
    }

    fn is_unavailable(&self) -> bool {
        self.0 == 503 && self.1["error"] == "store_unavailable"
    }
}

impl<T: Debug> Told for Result<T, StoreError> {
    fn is_success(&self) -> bool {
        self.is_ok()
    }

    fn is_unavailable(&self) -> bool {
        self.is_err()
    }
}

/// What somebody is told who is refused: that is how it is to be.
#[derive(Debug)]
struct Refused(Reply, &'static str);

impl Told for Refused {
    fn is_success(&self) -> bool {
        self.0.refused.as_ref().is_some_and(|(code, _)| *code == self.1)
    }

    fn is_unavailable(&self) -> bool {
        self.0.is_unavailable()
    }
}

/// What somebody is told who comes back from another site. Where nobody knows whether their attempt was used up, it was,
/// and they begin anew.
#[derive(Debug)]
struct Arriving(Reply);

impl Told for Arriving {
    fn is_success(&self) -> bool {
        self.0.is_success()
    }

    fn is_unavailable(&self) -> bool {
        self.0.is_unavailable()
            || self.0.refused.as_ref().is_some_and(|(code, _)| *code == "provider_attempt")
    }
}

const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";
const GRACE: &str = "grace@example.com";
const NEW_ADDRESS: &str = "new@example.com";
const NEW_PASSWORD: &str = "brass-lantern-otter-47";

/// Ada has a password and is signed in.
async fn ada(browser: &mut Browser<'_>) {
    browser.sign_up(ADA).await;
}

/// Whether who was there is signed in.
async fn signed_in<T>(browser: &mut Browser<'_>, _: &T) -> bool {
    browser.is_signed_in().await
}

/// A deployment that has everything.
#[must_use]
pub fn everything(strategy: Strategy) -> Options {
    let mut options = Options {
        passkeys: Some(PasskeySettings { sign_up: true, ..PasskeySettings::default() }),
        verification: Some(Verification::Off),
        events: EventKind::DEFAULT.to_vec(),
        foreign: tokens::foreign(),
        redirects: vec![RedirectProvider { sign_out: SignOutScope::Both, ..FakeProvider::listed("hub") }],
        ..Options::for_programs(Dialect::NextAuth4, strategy)
    };
    options.session.update = vec!["name".to_owned()];
    options.session.show = [("accessToken", "accessToken"), ("error", "error"), ("user.role", "role")]
        .map(|(from, to)| (path(from), to.to_owned()))
        .to_vec();
    options
}

impl Stage {
    /// One on which everything fails in its turn.
    pub fn new(make: impl Fn() -> Made + 'static) -> Self {
        Self { make: Box::new(make), noted: None }
    }

    /// One on which nothing fails, and which notes what flows ask.
    pub fn noting(make: impl Fn() -> Made + 'static) -> Self {
        Self { noted: Some(Mutex::default()), ..Self::new(make) }
    }

    /// What comes is this flow.
    pub fn begins(&self, flow: &'static str) {
        if let Some(noted) = &self.noted {
            noted.lock().unwrap_or_else(PoisonError::into_inner).flow = flow;
        }
    }

    /// Shows which operation fails in which flows. Holds that there is one for each.
    pub fn assert_that_none_is_left_out(&self) {
        let noted = self.noted.as_ref().expect("it notes").lock().unwrap_or_else(PoisonError::into_inner);
        let table = Operation::ALL.map(|operation| {
            let flows = noted.asked.get(&operation).into_iter().flatten().copied().collect::<Vec<_>>();
            (operation, flows)
        });
        for (operation, flows) in &table {
            tell(&format!("{operation:?}: {}", flows.join(", ")));
        }
        let left = table.iter().filter(|(_, flows)| flows.is_empty()).map(|(operation, _)| operation);
        assert_eq!(left.collect::<Vec<_>>(), [&Operation::Admit; 0], "no flow asks for these");
    }

    /// Plays a flow that is tried again as it was tried first.
    pub async fn plays<T, R: Told>(
        &self,
        prepare: impl AsyncFn(&mut Browser<'_>) -> T,
        act: impl AsyncFn(&mut Browser<'_>, &T) -> R,
        is_done: impl AsyncFn(&mut Browser<'_>, &T) -> bool,
    ) {
        self.plays_and(prepare, &act, &act, is_done).await;
    }

    /// Plays a flow: what is there before it, the flow, what who was told of a failure does then, and whether they have
    /// what they wanted.
    pub async fn plays_and<T, R: Told>(
        &self,
        prepare: impl AsyncFn(&mut Browser<'_>) -> T,
        act: impl AsyncFn(&mut Browser<'_>, &T) -> R,
        again: impl AsyncFn(&mut Browser<'_>, &T) -> R,
        is_done: impl AsyncFn(&mut Browser<'_>, &T) -> bool,
    ) {
        let mut calls = 0;
        for strategy in BOTH {
            let play = Play { stage: self, strategy };
            let smooth = play.once(None, &prepare, &act, &again, &is_done).await;
            if let Some(noted) = &self.noted {
                let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
                let flow = noted.flow;
                for operation in smooth.asked {
                    noted.asked.entry(operation).or_default().insert(flow);
                }
                continue;
            }
            calls += smooth.asked.len();
            for (call, operation) in smooth.asked.iter().enumerate() {
                for fault in [Fault::Before, Fault::After] {
                    let told = format!("{strategy:?}: {operation:?}, call {call}, fails {fault:?}");
                    let failed =
                        play.once(Some((call, fault, &told)), &prepare, &act, &again, &is_done).await;
                    assert_eq!(failed.before, smooth.before, "{told}: each run is prepared alike");
                    let stands = [&smooth.before, &smooth.after].contains(&&failed.after);
                    assert!(stands, "{told}: half done\n{}", odd(&failed.after, &smooth));
                }
            }
        }
        assert!(calls > 0 || self.noted.is_some(), "it asks the store nothing that could fail");
    }
}

/// A flow with one way to keep sessions.
struct Play<'s> {
    stage: &'s Stage,
    strategy: Strategy,
}

/// What one run of a flow did.
struct Ran {
    asked: Vec<Operation>,
    before: String,
    after: String,
}

impl Play<'_> {
    async fn once<T, R: Told>(
        &self,
        fault: Option<(usize, Fault, &str)>,
        prepare: &impl AsyncFn(&mut Browser<'_>) -> T,
        act: &impl AsyncFn(&mut Browser<'_>, &T) -> R,
        again: &impl AsyncFn(&mut Browser<'_>, &T) -> R,
        is_done: &impl AsyncFn(&mut Browser<'_>, &T) -> bool,
    ) -> Ran {
        let (store, _keep) = (self.stage.make)();
        let world = build_over(everything(self.strategy), store);
        let mut browser = world.browser();
        let prepared = prepare(&mut browser).await;
        let before = state(&world).await;
        let cookie = browser.session_cookie().map(str::to_owned);
        let asked = world.store.all_calls();
        if let Some((call, fault, _)) = fault {
            world.store.fail_call(call, fault);
        }
        let reply = act(&mut browser, &prepared).await;
        world.store.heal();
        let ran = Ran { asked: world.store.asked().split_off(asked), before, after: state(&world).await };
        let Some((.., told)) = fault else {
            assert!(reply.is_success(), "{:?}: {reply:?}", self.strategy);
            assert!(is_done(&mut browser, &prepared).await, "{:?}: {reply:?}", self.strategy);
            return ran;
        };
        if reply.is_success() {
            assert!(
                is_done(&mut browser, &prepared).await,
                "{told}: reported, and did not happen: {reply:?}"
            );
            return ran;
        }
        assert!(reply.is_unavailable(), "{told}: {reply:?}");
        assert_eq!(browser.session_cookie(), cookie.as_deref(), "{told}: the cookie is kept");
        let last = again(&mut browser, &prepared).await;
        assert!(is_done(&mut browser, &prepared).await, "{told}: tried again: {last:?}");
        ran
    }
}

/// What stands that did not before, or does not that does after.
fn odd(stands: &str, smooth: &Ran) -> String {
    let new = stands.lines().filter(|line| !smooth.before.contains(line)).map(|line| format!("+ {line}"));
    let missing = smooth.after.lines().filter(|line| !stands.contains(line)).map(|line| format!("- {line}"));
    new.chain(missing).collect::<Vec<_>>().join("\n")
}

#[expect(clippy::print_stdout, reason = "a table for whoever runs the test with --nocapture")]
fn tell(line: &str) {
    println!("{line}");
}
