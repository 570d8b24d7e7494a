//! What the traits in [`keyward_core::port`] promise, as tests that every store passes.
//!
//! [`store_contract!`](crate::store_contract) turns each case into a test of its own. Cases speak to the store
//! through the ports alone, start from an empty one, and hold for any engine.

mod admission;
mod adoption;
mod audit;
mod directory;
mod events;
mod factors;
mod grants;
mod import;
mod keys;
mod ledger;
mod linking;
mod people;
mod post;
mod proof;
mod races;
mod recovery;
mod sessions;
mod tickets;
mod values;
mod vault;

use std::sync::Arc;

use keyward_core::{
    claims::Claims,
    port::{Admitted, Change, NewClaims, NewSession, Renewed, SessionId, Store, TokenHash},
    time::Timestamp,
    user::{AccountKey, Admission, Extra, NewUser, Profile, UserId},
};
use serde_json::json;

pub use self::{
    admission::*, adoption::*, audit::*, directory::*, events::*, factors::*, grants::*, import::*, keys::*,
    ledger::*, linking::*, people::*, post::*, proof::*, races::*, recovery::*, sessions::*, tickets::*,
    values::*, vault::*,
};

/// Makes one `#[tokio::test]` of every case of the contract.
///
/// The expression is evaluated once in each test and gives a pair: an empty store as `Arc<dyn Store>`, and
/// anything that must live as long as the store (a temporary folder, or `()`). It may use `.await`. The calling
/// crate needs tokio with `macros` and `rt-multi-thread`.
///
/// ```
/// # use std::sync::Arc;
/// # use keyward_testkit::MemoryStore;
/// keyward_testkit::store_contract!((Arc::new(MemoryStore::default()), ()));
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! store_contract {
    ($make:expr) => {
        $crate::store_contract! { @each $make;
            a_sign_up_makes_a_user_with_a_password_and_a_session
            an_address_is_taken_once_and_the_second_sign_up_writes_nothing
            b1_a_known_user_is_admitted_and_is_not_new
            lesson_56_a_user_that_is_gone_is_not_admitted_and_nothing_is_written
            b2_an_account_is_found_again_by_its_key
            b2_what_the_back_end_says_now_replaces_what_it_said_before
            an_id_at_another_source_is_another_person
            an_address_that_a_back_end_names_admits_nobody_and_blocks_nobody
            an_admission_without_a_session_makes_only_the_user
            an_admission_whose_session_cannot_be_written_leaves_nothing_behind
            an_id_of_a_user_is_never_given_twice

            a_password_is_replaced_only_if_it_is_still_the_one_that_was_checked
            of_many_replacements_of_one_password_one_wins
            a_new_password_ends_every_session_of_its_user_and_no_other
            a_sign_in_by_a_password_that_was_replaced_meanwhile_is_refused
            lesson_56_deleting_a_user_ends_every_session_sealed_ones_included
            lesson_56_deleting_a_user_deletes_the_password_and_frees_the_address
            an_address_that_nobody_has_is_neither_given_a_password_nor_deleted

            c3_a_stored_session_is_read_as_it_was_written
            c3_a_token_that_is_nobodys_reads_nothing
            lesson_48_an_expired_session_is_returned_as_it_is
            lesson_55_a_session_ends_the_one_that_it_replaces_when_it_is_opened
            c3_a_renewal_moves_the_expiry_and_keeps_what_the_session_says
            c3_a_renewal_with_claims_replaces_what_the_session_says
            c3_a_touch_moves_the_expiry_of_a_record_and_never_makes_one
            invariant_8_a_renewal_never_creates_a_session
            c3_ending_by_token_removes_the_row_and_is_remembered
            c3_ending_by_id_removes_the_row_of_a_stored_session_too
            an_ending_by_id_is_remembered_without_a_row
            ending_what_a_token_does_not_open_changes_nothing
            ending_twice_is_remembered_once_and_until_the_later_time
            endings_come_in_order_and_each_after_the_last_one_seen
            a_sweep_takes_what_is_over_and_nothing_else
            a_sweep_never_gives_a_change_number_again
            a_working_store_is_ready

            who_comes_for_the_first_time_becomes_a_user_with_an_account
            lesson_43_an_address_that_nobody_vouches_for_stays_unproven
            who_comes_again_brings_the_account_up_to_date_and_not_the_user
            an_account_is_linked_to_a_user_and_admits_them_from_then_on
            lesson_43_an_account_is_linked_only_while_the_session_that_asked_for_it_is_open
            an_account_is_linked_by_its_address_to_whoever_has_it
            an_account_is_linked_by_its_address_to_nobody_who_has_a_second_factor
            lesson_44_a_decision_that_no_longer_holds_writes_nothing
            a_standing_says_whose_the_account_is_or_who_has_the_address
            b2_whoever_is_read_says_by_which_id_the_first_back_end_knows_them
            b2_an_account_at_a_back_end_is_listed_as_what_it_is
            the_last_way_in_cannot_be_removed
            a_password_or_a_proven_address_is_a_way_in_where_it_is_offered
            an_account_that_was_unlinked_is_gone_with_its_tokens_and_sessions
            an_account_is_unlinked_only_while_the_session_that_asked_for_it_is_open
            lesson_56_deleting_a_user_deletes_accounts_and_tokens

            lesson_43_a_first_followed_link_ends_what_was_set_up_without_proof
            lesson_43_a_provider_that_vouches_first_ends_what_was_set_up_without_proof
            lesson_43_an_account_that_vouches_later_ends_the_other_ways_in
            lesson_43_who_comes_after_the_proof_without_one_gets_nothing
            an_address_is_proven_by_nothing_less_than_a_proof_of_it
            a_second_proof_ends_nothing_and_moves_nothing

            lesson_37_a_ticket_is_good_once
            lesson_52_a_ticket_is_found_by_all_that_it_is_bound_to_and_by_nothing_less
            lesson_48_an_expired_ticket_is_refused_while_no_sweep_has_been
            an_earlier_ticket_stays_good_when_another_is_issued_and_used
            a_ticket_is_issued_under_a_key_of_its_own
            a_followed_link_makes_a_user_whose_address_is_proven
            a_followed_link_whose_address_changed_hands_uses_nothing_up
            a_followed_link_that_cannot_be_carried_out_uses_nothing_up
            a_sweep_takes_expired_tickets_and_no_other
            lesson_37_what_let_somebody_in_lets_in_nobody_again

            a_person_s_sessions_are_listed_the_last_seen_first
            lesson_50_a_person_ends_their_own_sessions_and_nobody_else_s
            a_change_is_what_a_stored_session_says_from_then_on
            a_change_of_a_sealed_session_is_kept_until_its_token_is_read
            a_session_that_is_over_or_full_is_not_changed
            what_was_changed_meanwhile_is_not_overwritten
            of_many_who_write_what_a_session_says_none_is_lost
            invariant_8_no_change_in_flight_recreates_an_ended_session
            every_change_moves_its_session_to_the_end_of_the_feed

            a_session_of_another_implementation_is_adopted_once
            of_fifty_who_adopt_one_session_all_find_it_alive
            an_adopted_session_is_listed_as_whoever_is_called_so
            nobody_is_no_user_and_has_no_sessions
            an_adopted_session_is_ended_like_any_other
            a_session_that_was_ended_before_it_was_read_is_not_adopted
            what_was_sealed_after_all_sessions_were_ended_is_adopted
            lesson_57_who_is_disabled_has_no_session_of_another_implementation
            lesson_56_who_is_deleted_has_no_session_of_another_implementation
            what_changes_a_persons_sessions_ends_those_of_another_implementation
            an_adopted_session_is_changed_by_its_id
            a_new_password_ends_sessions_of_another_implementation
            a_sweep_takes_adopted_sessions_that_are_over
            lesson_57_no_adoption_in_flight_survives_being_disabled

            a_change_of_a_person_reaches_every_session_of_theirs
            what_an_operator_says_of_a_person_is_said_by_every_later_session
            a_change_of_nothing_changes_nothing
            a_session_without_room_for_a_change_is_ended
            lesson_57_who_is_disabled_has_no_session_left
            lesson_57_who_is_disabled_comes_in_by_no_way_there_is
            lesson_57_no_sign_in_in_flight_survives_being_disabled
            lesson_56_a_person_is_removed_with_all_that_is_theirs

            an_event_is_written_with_the_admission_that_it_tells_of
            what_is_not_admitted_tells_nothing
            an_event_is_about_who_is_new_or_about_who_is_known
            a_sign_out_is_told_once_and_only_where_there_was_a_session
            events_come_in_the_order_in_which_they_were_written
            a_leased_event_is_nobody_elses_until_its_lease_is_over
            of_many_who_ask_for_events_at_once_each_gets_others
            an_event_that_was_delivered_never_comes_again
            an_event_comes_again_when_it_is_to_be_tried_again_and_not_before
            who_lost_the_lease_decides_nothing_but_that_it_was_delivered
            an_event_that_was_given_up_is_never_due_and_is_swept_in_the_end
            beyond_the_cap_the_oldest_events_go

            an_entry_of_the_trail_is_written_with_the_admission_that_it_tells_of
            what_is_not_admitted_leaves_no_entry
            an_entry_is_about_who_is_new_or_about_who_is_known
            a_password_that_is_set_is_in_the_trail_of_its_person
            the_end_of_a_session_is_in_the_trail_of_its_person
            entries_are_found_by_what_they_say
            equal_refusals_of_an_hour_are_counted_in_one_row
            the_trail_is_trimmed_by_age_and_refusals_by_number
            a_network_is_known_by_a_sign_in_from_there
            failures_are_counted_under_their_keys
            failures_are_forgotten_in_time_and_on_demand
            beyond_the_cap_the_oldest_failures_go
            a_network_that_is_remembered_is_known_until_its_time_is_over_however_many_fail
            who_is_brought_along_comes_back_as_they_were
            lesson_57_who_was_kept_out_before_is_kept_out_after_the_import
            lesson_53_who_is_brought_along_with_an_app_is_asked_for_its_code
            an_import_that_is_run_again_finds_who_is_there_and_changes_nothing
            lesson_56_who_was_deleted_is_left_out_of_the_next_import
            lesson_56_who_comes_back_by_themselves_is_nobody_whom_an_import_knows
            who_clashes_with_somebody_is_refused_and_takes_nobody_along
            of_many_imports_of_the_same_people_one_makes_each
            lesson_63_no_first_factor_opens_a_session_for_who_has_a_second
            lesson_37_a_link_that_needs_a_second_factor_is_used_up
            lesson_64_a_second_factor_opens_the_session_and_is_used_up_with_its_ticket
            lesson_44_a_second_factor_that_is_not_theirs_or_was_used_opens_nothing
            lesson_48_a_sign_in_that_waited_too_long_is_over
            lesson_64_a_ticket_has_five_tries_also_for_fifty_at_once
            guesses_of_an_apps_codes_are_slowed_down_whatever_they_come_with
            lesson_21_of_fifty_uses_of_one_code_one_wins
            a_passkey_without_a_counter_answers_each_challenge_once
            factors_are_changed_by_who_is_signed_in_and_come_back_as_they_went_in
            a_passkey_is_one_persons_and_nobody_has_too_many
            a_new_person_with_a_passkey_cannot_lose_it_unless_they_have_another_way
            lesson_43_a_first_proof_ends_second_factors_and_passkeys
            lesson_56_deleting_a_user_deletes_second_factors_and_passkeys
            a_new_password_ends_half_finished_sign_ins_too
            lesson_58_who_ends_their_sessions_ends_what_waits_for_a_second_factor
            lesson_58_unlinking_an_account_ends_what_waits_for_a_second_factor
            lesson_57_who_is_kept_out_gets_in_by_no_second_factor
            what_needs_a_second_factor_replaces_no_session

            f2_a_refresh_token_is_given_for_its_successor
            f2_within_the_grace_a_used_token_has_the_same_successor
            lesson_22_a_token_that_is_used_after_the_grace_ends_its_family
            f2_where_there_is_no_grace_a_token_is_good_once
            lesson_24_a_family_is_bound_to_its_client
            lesson_58_a_family_ends_with_its_session
            lesson_48_an_expired_family_is_over_while_no_sweep_has_been
            lesson_58_a_token_is_looked_for_in_its_own_family_alone
            lesson_21_lesson_22_of_fifty_refreshes_with_one_token_one_rotates
            invariant_8_no_refresh_in_flight_recreates_a_family
            f2_keys_are_kept_in_the_order_in_which_they_were_added
            f2_a_key_is_added_only_after_the_last_one
            f2_of_fifty_who_add_the_next_key_one_does
            f2_a_sweep_takes_keys_that_are_published_no_more

            lesson_21_of_fifty_consumers_of_one_ticket_one_wins
            lesson_21_lesson_37_of_fifty_followers_of_one_link_one_is_admitted
            lesson_21_of_fifty_who_bring_what_is_good_once_one_is_admitted
            of_fifty_first_sign_ins_through_one_account_one_makes_the_user
            of_links_and_creations_with_one_account_one_wins
            of_two_who_unlink_the_last_two_accounts_one_is_refused
            lesson_43_no_sign_in_in_flight_survives_the_first_proof
            lesson_43_no_link_in_flight_survives_the_first_proof
            fifty_admissions_of_one_new_account_make_one_user
            fifty_sign_ups_of_one_address_make_one_user
            invariant_8_no_renewal_in_flight_recreates_an_ended_session
            lesson_56_no_sign_in_in_flight_survives_the_deletion_of_its_user
            no_ending_is_missed_by_a_reader_that_follows_the_changes

            d1_a_sessions_tokens_are_written_with_it_and_read_as_they_were_written
            d2_a_refresh_replaces_the_tokens_and_forgets_the_attempt
            lesson_22_of_fifty_who_want_to_refresh_one_begins
            lesson_22_who_lost_the_attempt_writes_nothing_but_the_successor
            d4_an_attempt_that_nobody_answered_stays_known_as_sent
            d3_failures_are_counted_until_a_refresh_works
            invariant_8_tokens_end_with_their_session_and_no_refresh_in_flight_brings_them_back
            tokens_move_to_the_session_that_replaces_theirs_also_while_they_are_refreshed

            mails_come_in_their_order_and_are_no_events
            a_mail_is_written_with_the_admission_that_it_tells_of
            a_leased_mail_is_nobody_elses_until_its_lease_is_over
            a_mail_comes_again_when_it_is_to_be_tried_again_and_not_before
            lesson_48_a_mail_whose_time_is_over_is_not_sent_and_swept
            of_many_who_ask_for_mails_at_once_each_gets_others

            a_ticket_is_issued_with_its_mail_or_not_at_all
            an_address_is_proven_by_who_set_the_account_up_and_everything_stays
            lesson_43_an_address_is_not_proven_by_who_did_not_set_the_account_up
            a_reset_sets_the_password_ends_every_session_and_voids_the_other_tickets
            lesson_43_a_reset_is_the_first_proof_of_an_address_and_ends_what_was_set_up_without
            a_reset_leaves_accounts_of_a_proven_address_alone
            lesson_47_a_reset_takes_its_own_ticket_and_no_other
            lesson_21_of_fifty_at_one_reset_link_one_wins
            a_changed_password_ends_every_other_session
            a_first_password_is_set_where_there_is_none
            a_changed_address_is_proven_and_every_session_says_it
            lesson_58_an_address_is_changed_only_in_the_session_that_asked
            a_change_of_address_is_taken_back_with_all_that_came_since
            lesson_63_a_change_of_address_is_taken_back_with_the_factors_that_came_since
            lesson_53_a_new_password_ends_the_sign_ins_that_wait_for_their_second_factor
            an_earlier_way_back_outlives_a_later_one
            an_address_that_is_somebody_elses_by_now_does_not_come_back
            lesson_56_who_departs_leaves_nothing_behind
            lesson_45_recovery_changes_nothing_that_an_operator_said

            texts_come_back_as_they_went_in
            texts_that_differ_anywhere_are_different_keys
            claims_come_back_exactly_in_their_order
            claims_that_are_large_or_deep_come_back
            moments_come_back_to_the_millisecond
        }
    };
    (@each $make:expr; $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let (store, _alive) = $make;
                $crate::contract::$case(store).await;
            }
        )*
    };
}

/// The moment at which every case plays.
const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_123);
/// When sessions of the cases end.
const LATER: Timestamp = Timestamp::from_millis(1_780_086_400_123);
/// Until when endings are remembered.
const UNTIL: Timestamp = Timestamp::from_millis(1_780_172_800_123);

fn id(text: &str) -> UserId {
    UserId(text.to_owned())
}

fn sid(text: &str) -> SessionId {
    SessionId(text.to_owned())
}

/// A token of its own for each text of up to 32 bytes.
fn token(text: &str) -> TokenHash {
    let mut hash = [0xa5; 32];
    hash[..text.len()].copy_from_slice(text.as_bytes());
    TokenHash(hash)
}

/// A stored session whose token is [`token`] of its id.
fn stored(session: &str) -> NewSession {
    let claims = json!({"name": "Ada", "sub": session}).as_object().cloned().unwrap_or_default();
    NewSession {
        token: Some(token(session)),
        claims: claims.into_iter().collect(),
        user_agent: Some("Mozilla/5.0".to_owned()),
        ..NewSession::new(sid(session), NOW, LATER)
    }
}

/// A sealed session.
fn sealed(session: &str) -> NewSession {
    NewSession { token: None, claims: Claims::default(), ..stored(session) }
}

/// A sign-up under `{name}@example.org` with the password hash `hash of {name}`.
fn sign_up(name: &str) -> Admission {
    Admission::NewUser { user: new_user(name, &email(name)), password_hash: format!("hash of {name}") }
}

/// A user called by their id, with an address that nobody has proven.
fn new_user(name: &str, email: &str) -> NewUser {
    let (email, name_of) = (Some(email.to_owned()), Some(name.to_owned()));
    NewUser { id: id(name), email, email_verified: false, name: name_of, image: None }
}

fn email(name: &str) -> String {
    format!("{name}@example.org")
}

fn key(source: &str, id: &str) -> AccountKey {
    AccountKey { source: source.to_owned(), id: id.to_owned() }
}

fn profile(name: &str) -> Profile {
    Profile { name: Some(Some(name.to_owned())), email: Some(Some(email(name))), image: None }
}

/// Somebody known at `source` as `at_source`; `new_id` is used if they are new here.
fn account(source: &str, at_source: &str, name: &str, new_id: &str) -> Admission {
    Admission::Account { key: key(source, at_source), profile: profile(name), new_id: id(new_id) }
}

fn admitted(user: &str, is_new: bool) -> Admitted {
    Admitted::As { user: id(user), is_new, claims: Extra::new() }
}

/// Admits, and expects the store to answer.
async fn admit(store: &dyn Store, who: &Admission, session: Option<&NewSession>) -> Admitted {
    store.admit(who, session, NOW, &[]).await.expect("the store answers")
}

/// Renews what was just read of a stored session.
async fn renew(store: &dyn Store, session: &str, claims: Option<&Claims>, expires: Timestamp) -> Renewed {
    let read = store.session(&token(session)).await.expect("the store answers");
    let read_at = read.map(|read| read.version).unwrap_or_default();
    let claims = claims.map(|claims| NewClaims { claims, read_at });
    store.renew_session(&token(session), claims, NOW, expires).await.expect("the store answers")
}

async fn has_session(store: &dyn Store, session: &str) -> bool {
    store.session(&token(session)).await.expect("the store answers").is_some()
}

async fn endings(store: &dyn Store) -> Vec<Change> {
    store.changes_since(0).await.expect("the store answers")
}

/// The ids of all remembered endings, sorted.
async fn ended_ids(store: &dyn Store) -> Vec<String> {
    let mut ids: Vec<_> = endings(store).await.into_iter().map(|ended| ended.session.0).collect();
    ids.sort();
    ids
}

/// Runs `count` tasks at once and gives their answers.
async fn at_once<F, T>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let start = Arc::new(tokio::sync::Barrier::new(count));
    let tasks: Vec<_> = (0..count)
        .map(|n| {
            let (start, work) = (Arc::clone(&start), task(n));
            tokio::spawn(async move {
                start.wait().await;
                work.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("no task panics"));
    }
    answers
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_case_is_left_out_of_the_macro() {
        let (listed, rooms) = (
            include_str!("mod.rs"),
            [
                include_str!("admission.rs"),
                include_str!("adoption.rs"),
                include_str!("audit.rs"),
                include_str!("directory.rs"),
                include_str!("events.rs"),
                include_str!("import.rs"),
                include_str!("factors.rs"),
                include_str!("ledger.rs"),
                include_str!("linking.rs"),
                include_str!("people.rs"),
                include_str!("post.rs"),
                include_str!("proof.rs"),
                include_str!("races.rs"),
                include_str!("recovery.rs"),
                include_str!("sessions.rs"),
                include_str!("tickets.rs"),
                include_str!("values.rs"),
                include_str!("vault.rs"),
            ],
        );
        let cases = rooms.iter().flat_map(|room| room.split("pub async fn ").skip(1));
        let names: Vec<_> = cases.filter_map(|case| case.split('(').next()).collect();
        assert!(names.len() > 70, "{names:?}");
        for name in names {
            assert!(listed.contains(&format!(" {name}\n")), "{name} is not run");
        }
    }
}
