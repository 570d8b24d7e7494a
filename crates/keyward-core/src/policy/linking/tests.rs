//! The whole table, printed beside NextAuth's.

use std::fmt;

use super::*;
use crate::{
    time::Timestamp,
    user::{EmailHolder, Owner},
};

/// Who something belongs to, or who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Nobody,
    Me,
    Other,
}
use Who::{Me, Nobody, Other};

/// One row of the table.
#[derive(Clone, Copy, Debug)]
struct Case {
    signed_in: bool,
    owner: Who,
    /// `None`: the provider gave no address. Otherwise whether it vouches for it.
    address: Option<bool>,
    /// Who has that address, and whether they proved it.
    holder: Who,
    proven: bool,
    dangerous: bool,
}

/// What NextAuth does (protocol notes §5.6), in its own few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NextAuth {
    SignInAsOwner,
    KeepSession,
    LinkToCurrent,
    LinkByEmail,
    CreateUser,
    NotLinked,
}

/// A row of §5.6: signed in, the account's owner, whether the address matches a user, the flag. `None` is "–".
type Row = (bool, Who, Option<bool>, Option<bool>, NextAuth);

/// The rows of §5.6 for OAuth and OpenID Connect. "Me" is the user who is signed in; where nobody is, the owner is
/// somebody.
const NEXTAUTH: [Row; 7] = [
    (true, Me, None, None, NextAuth::KeepSession),
    (true, Other, None, None, NextAuth::NotLinked),
    (false, Other, None, None, NextAuth::SignInAsOwner),
    (true, Nobody, None, None, NextAuth::LinkToCurrent),
    (false, Nobody, Some(false), None, NextAuth::CreateUser),
    (false, Nobody, Some(true), Some(false), NextAuth::NotLinked),
    (false, Nobody, Some(true), Some(true), NextAuth::LinkByEmail),
];

/// Every case that there is.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (signed_in, owner) in [(false, Nobody), (false, Other), (true, Nobody), (true, Me), (true, Other)] {
        let mut addresses = vec![(None, Nobody, false)];
        for vouched in [false, true] {
            addresses.push((Some(vouched), Nobody, false));
            for holder in [Me, Other] {
                // "Me" is who is signed in.
                if holder == Other || signed_in {
                    addresses.extend([false, true].map(|proven| (Some(vouched), holder, proven)));
                }
            }
        }
        for (address, holder, proven) in addresses {
            for dangerous in [false, true] {
                cases.push(Case { signed_in, owner, address, holder, proven, dangerous });
            }
        }
    }
    cases
}

#[test]
fn every_outcome_is_nextauths() {
    println!(
        "{:9} {:7} {:10} {:15} {:9} {:15} outcome",
        "signed in", "account", "address", "held by", "flag", "NextAuth"
    );
    let cases = cases();
    assert_eq!(cases.len(), 94);
    for case in cases {
        let outcome = case.decide();
        let expected = case.in_nextauth();
        println!("{case} {:15} {}", format!("{expected:?}"), name_of(&outcome));
        let equal = match (&outcome, expected) {
            (Link::SignIn(owner), NextAuth::KeepSession) => owner.id == id(Me),
            (Link::SignIn(owner), NextAuth::SignInAsOwner) => owner.id == id(Other),
            (Link::LinkToCurrent(user), NextAuth::LinkToCurrent) => *user == id(Me),
            (Link::LinkByEmail(user), NextAuth::LinkByEmail) => user.id == id(Other),
            (Link::Create, NextAuth::CreateUser) | (Link::Refuse(_), NextAuth::NotLinked) => true,
            _ => false,
        };
        assert!(equal, "{case:?}: {outcome:?}");
    }
}

#[test]
fn lesson_43_whether_an_address_is_proven_lets_nobody_in_who_would_not_be_let_in_without() {
    for case in cases() {
        for (address, proven) in [(false, false), (false, true), (true, false), (true, true)] {
            let other = Case { address: case.address.map(|_| address), proven, ..case };
            assert_eq!(name_of(&case.decide()), name_of(&other.decide()), "{case:?} {other:?}");
        }
    }
}

#[test]
fn by_what_somebody_came_before_is_told_only_to_whom_the_address_is_vouched_for() {
    let mut told = 0;
    for case in cases() {
        let Link::Refuse(refusal) = case.decide() else { continue };
        let may_know = case.owner == Nobody && case.address == Some(true);
        let all = || WaysBefore { sources: vec!["github".to_owned()], has_password: true };
        let expected = match case.owner {
            Nobody => NotLinked::AddressTaken(may_know.then(all)),
            Me | Other => NotLinked::AnothersAccount,
        };
        assert_eq!(refusal, expected, "{case:?}");
        told += usize::from(may_know);
    }
    // The holder's own address proven or not, the flag off.
    assert_eq!(told, 2);
}

#[test]
fn who_came_by_link_alone_is_told_apart_from_who_may_not_be_told() {
    let holder = EmailHolder { providers: Vec::new(), has_password: false, ..holder(Other, true) };
    let standing = Standing { owner: None, by_email: Some(holder) };
    let ways = WaysBefore { sources: Vec::new(), has_password: false };
    for (verified, told) in [(true, Some(ways)), (false, None)] {
        let address = Address { address: "ada@example.org".to_owned(), verified };
        let refusal = Link::Refuse(NotLinked::AddressTaken(told));
        assert_eq!(decide(&standing, None, Some(&address), false), refusal);
    }
}

#[test]
fn an_address_links_nothing_to_who_has_a_second_factor_unless_its_first_proof_ends_that() {
    let mut refused = 0;
    for case in cases() {
        let address =
            case.address.map(|verified| Address { address: "ada@example.org".to_owned(), verified });
        let owner = (case.owner != Nobody).then(|| owner(case.owner));
        let by_email = (case.holder != Nobody)
            .then(|| EmailHolder { has_second_factor: true, ..holder(case.holder, case.proven) });
        let current = case.signed_in.then(|| id(Me));
        let standing = Standing { owner, by_email };
        let outcome = decide(&standing, current.as_ref(), address.as_ref(), case.dangerous);
        let without = case.decide();
        if name_of(&without) == "LinkByEmail" && (case.proven || case.address != Some(true)) {
            assert!(matches!(outcome, Link::Refuse(NotLinked::AddressTaken(_))), "{case:?}: {outcome:?}");
            refused += 1;
        } else {
            assert_eq!(outcome, without, "{case:?}");
        }
    }
    assert_eq!(refused, 3, "vouched for or not, proven here or not, but for its first proof");
}

#[test]
fn lesson_44_an_account_of_somebody_else_is_never_linked_again_whoever_asks() {
    for case in cases().into_iter().filter(|case| case.owner != Nobody) {
        let outcome = case.decide();
        assert!(matches!(outcome, Link::SignIn(_) | Link::Refuse(_)), "{case:?}: {outcome:?}");
    }
}

#[test]
fn the_holder_of_an_address_that_was_not_asked_for_changes_nothing() {
    let standing = Standing { owner: None, by_email: Some(holder(Other, true)) };
    assert_eq!(decide(&standing, None, None, true), Link::Create);
}

impl Case {
    fn decide(self) -> Link {
        let owner = (self.owner != Nobody).then(|| owner(self.owner));
        let by_email = (self.holder != Nobody).then(|| holder(self.holder, self.proven));
        let address =
            self.address.map(|verified| Address { address: "ada@example.org".to_owned(), verified });
        let current = self.signed_in.then(|| id(Me));
        decide(&Standing { owner, by_email }, current.as_ref(), address.as_ref(), self.dangerous)
    }

    /// The one row of §5.6 that speaks of this case.
    fn in_nextauth(self) -> NextAuth {
        let known = self.holder != Nobody;
        let mut rows = NEXTAUTH.iter().filter(|(signed_in, owner, matches, flag, _)| {
            *signed_in == self.signed_in
                && *owner == self.owner
                && matches.is_none_or(|matches| matches == known)
                && flag.is_none_or(|flag| flag == self.dangerous)
        });
        let (Some(row), None) = (rows.next(), rows.next()) else { unreachable!("one row for {self:?}") };
        row.4
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = match self.address {
            None => "none",
            Some(false) => "unverified",
            Some(true) => "verified",
        };
        let holder = match (self.holder, self.proven) {
            (Nobody, _) => "nobody".to_owned(),
            (who, proven) => format!("{who:?}, {}", if proven { "proven" } else { "unproven" }),
        };
        let (signed_in, flag) =
            (if self.signed_in { "yes" } else { "no" }, if self.dangerous { "dangerous" } else { "" });
        write!(f, "{signed_in:9} {:7} {address:10} {holder:15} {flag:9}", format!("{:?}", self.owner))
    }
}

fn name_of(link: &Link) -> String {
    let text = format!("{link:?}");
    text.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

fn id(who: Who) -> UserId {
    UserId(format!("{who:?}"))
}

fn user(who: Who, proven: bool) -> User {
    let (email, email_verified) = ("ada@example.org".to_owned(), proven.then(|| Timestamp::from_secs(1)));
    User { email: Some(email), email_verified, ..User::new(id(who)) }
}

fn owner(who: Who) -> Owner {
    Owner { user: user(who, true), tokens: None }
}

fn holder(who: Who, proven: bool) -> EmailHolder {
    EmailHolder {
        user: user(who, proven),
        providers: vec!["github".to_owned()],
        has_password: true,
        has_second_factor: false,
    }
}
