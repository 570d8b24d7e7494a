//! Accounts at other sites: found, made, linked, unlinked.

use std::sync::Arc;

use keyward_core::{
    audit::{AuditEntry, AuditFilter, AuditKind},
    event::{About, NewEvent},
    policy::ways::WaysIn,
    port::{Admitted, Ending, Imported, ImportedUser, NewSession, Store, Unlinked, Unlinking},
    user::{
        Account, AccountKey, Address, Admission, EmailHolder, Ground, NewUser, Owner, Place, Standing, User,
        Vouched,
    },
};

use super::{
    LATER, NOW, UNTIL, account, admit, admitted, email, ended_ids, endings, factors::protect, has_session,
    id, key, new_user, profile, sealed, sid, sign_up, stored,
};

/// Somebody for whom `key`'s source vouches, with the tokens `tokens of {name}`. `verified: None`: no address.
pub(super) fn vouched(key: AccountKey, name: &str, verified: Option<bool>) -> Vouched {
    Vouched {
        key,
        kind: "oidc".to_owned(),
        profile: profile(name),
        email: verified.map(|verified| Address { address: email(name), verified }),
        tokens: Some(format!("tokens of {name}").into_bytes()),
        spent: None,
    }
}

pub(super) fn put(who: &Vouched, place: Place) -> Admission {
    Admission::Vouched { who: Box::new(who.clone()), place, until: UNTIL }
}

/// A new user with the address of `who`, proven if the provider vouches for it.
pub(super) fn made(who: &Vouched, user: &str) -> Admission {
    let email = who.email.as_ref();
    let new = NewUser {
        email: email.map(|email| email.address.clone()),
        email_verified: email.is_some_and(|email| email.verified),
        ..new_user(user, "")
    };
    put(who, Place::New(new))
}

/// Linked by who is signed in ([`visit`]).
pub(super) fn linked(who: &Vouched, user: &str) -> Admission {
    put(who, Place::Link { user: id(user), by: Ground::Session(sid(&format!("of {user}"))) })
}

/// Opens the session that [`linked`] rests on.
pub(super) async fn visit(store: &dyn Store, user: &str) {
    let session = NewSession { id: sid(&format!("of {user}")), ..sealed("any") };
    let answer = admit(store, &Admission::User(id(user)), Some(&session)).await;
    assert_eq!(answer, admitted(user, false));
}

pub(super) fn owned(who: &Vouched, user: &str) -> Admission {
    put(who, Place::Owner(id(user)))
}

/// The keys of a user's accounts, in their order.
pub(super) async fn keys_of(store: &dyn Store, user: &str) -> Vec<AccountKey> {
    let accounts = store.accounts_of(&id(user)).await.expect("the store answers");
    accounts.into_iter().map(|account| account.key).collect()
}

pub(super) async fn user(store: &dyn Store, name: &str) -> User {
    store.user(&id(name)).await.expect("the store answers").expect("there")
}

/// All of it is there at once: the person, the account with its tokens, the session that knows the account.
pub async fn who_comes_for_the_first_time_becomes_a_user_with_an_account(store: Arc<dyn Store>) {
    let who = vouched(key("google", "7"), "ada", Some(true));
    let mut session = sealed("s1");
    session.via = Some(who.key.clone());
    assert_eq!(admit(&*store, &made(&who, "ada"), Some(&session)).await, admitted("ada", true));
    let expected = User {
        email: Some(email("ada")),
        email_verified: Some(NOW),
        name: Some("ada".to_owned()),
        ..User::new(id("ada"))
    };
    assert_eq!(user(&*store, "ada").await, expected);
    assert_eq!(store.user_by_email(&email("ada")).await.expect("answers"), Some(expected));
    let account =
        Account { key: who.key.clone(), kind: "oidc".to_owned(), profile: who.profile.clone(), created: NOW };
    assert_eq!(store.accounts_of(&id("ada")).await.expect("answers"), [account]);
    assert_eq!(store.account_tokens(&who.key).await.expect("answers"), who.tokens);
    let record = store.session_record(&sid("s1")).await.expect("answers").expect("there");
    assert_eq!((record.user, record.via, record.expires), (Some(id("ada")), Some(who.key), LATER));
    assert!(store.password_by_email(&email("ada")).await.expect("answers").is_none());
}

/// An address that the provider does not vouch for is theirs to begin with, and unproven; one may have none.
pub async fn lesson_43_an_address_that_nobody_vouches_for_stays_unproven(store: Arc<dyn Store>) {
    for (name, verified) in [("ada", Some(false)), ("bob", None)] {
        let who = vouched(key("forum", name), name, verified);
        assert_eq!(admit(&*store, &made(&who, name), None).await, admitted(name, true));
        let user = user(&*store, name).await;
        assert_eq!((user.email, user.email_verified), (verified.map(|_| email(name)), None));
    }
}

/// NextAuth writes the user once; what the provider says later is kept with the account.
pub async fn who_comes_again_brings_the_account_up_to_date_and_not_the_user(store: Arc<dyn Store>) {
    let mut who = vouched(key("google", "7"), "ada", Some(true));
    admit(&*store, &made(&who, "ada"), None).await;
    let before = user(&*store, "ada").await;
    (who.kind, who.profile, who.tokens) = ("oauth".to_owned(), profile("changed"), Some(vec![0, 255, 7]));
    assert_eq!(admit(&*store, &owned(&who, "ada"), Some(&stored("s1"))).await, admitted("ada", false));
    assert!(has_session(&*store, "s1").await);
    assert_eq!(user(&*store, "ada").await, before);
    let accounts = store.accounts_of(&id("ada")).await.expect("answers");
    let [account] = &accounts[..] else { unreachable!("one account: {accounts:?}") };
    assert_eq!((account.kind.as_str(), &account.profile), ("oauth", &profile("changed")));
    assert_eq!(store.account_tokens(&who.key).await.expect("answers"), who.tokens);
    who.tokens = None;
    admit(&*store, &owned(&who, "ada"), None).await;
    assert_eq!(
        store.account_tokens(&who.key).await.expect("answers"),
        None,
        "tokens that are no longer kept"
    );
}

/// Whoever is signed in adds an account, whatever its address.
pub async fn an_account_is_linked_to_a_user_and_admits_them_from_then_on(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    visit(&*store, "ada").await;
    let (github, gitlab) =
        (vouched(key("github", "1"), "other", Some(true)), vouched(key("gitlab", "1"), "ada", None));
    assert_eq!(admit(&*store, &linked(&github, "ada"), Some(&stored("s1"))).await, admitted("ada", false));
    assert_eq!(admit(&*store, &linked(&gitlab, "ada"), None).await, admitted("ada", false));
    assert_eq!(keys_of(&*store, "ada").await, [github.key.clone(), gitlab.key]);
    assert_eq!(admit(&*store, &owned(&github, "ada"), None).await, admitted("ada", false));
    let ada = user(&*store, "ada").await;
    assert_eq!((ada.email, ada.email_verified), (Some(email("ada")), None), "another address is no proof");
    assert!(has_session(&*store, "s1").await);
}

/// Somebody who is signed out, or put out, leaves no way in behind; nor does who names another's session.
pub async fn lesson_43_an_account_is_linked_only_while_the_session_that_asked_for_it_is_open(
    store: Arc<dyn Store>,
) {
    for name in ["ada", "bob"] {
        admit(&*store, &sign_up(name), None).await;
    }
    let who = vouched(key("github", "1"), "eve", None);
    let link = linked(&who, "ada");
    assert_eq!(admit(&*store, &link, Some(&stored("s1"))).await, Admitted::Changed, "not signed in");
    visit(&*store, "bob").await;
    let by_bobs = put(&who, Place::Link { user: id("ada"), by: Ground::Session(sid("of bob")) });
    assert_eq!(admit(&*store, &by_bobs, Some(&stored("s1"))).await, Admitted::Changed, "another's session");
    visit(&*store, "ada").await;
    store.end_session(&Ending::Id(sid("of ada")), UNTIL, &[]).await.expect("answers");
    assert_eq!(admit(&*store, &link, Some(&stored("s1"))).await, Admitted::Changed, "signed out");
    assert!(!has_session(&*store, "s1").await);
    assert_eq!(keys_of(&*store, "ada").await, []);
}

/// What links by address alone (the flag with "dangerous" in its name).
pub async fn an_account_is_linked_by_its_address_to_whoever_has_it(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    admit(&*store, &sign_up("bob"), None).await;
    let by_email = |who: &Vouched, user: &str| put(who, Place::Link { user: id(user), by: Ground::Email });
    let who = vouched(key("github", "1"), "ada", Some(false));
    assert_eq!(admit(&*store, &by_email(&who, "bob"), None).await, Admitted::Changed, "not his address");
    assert_eq!(admit(&*store, &by_email(&who, "nobody"), None).await, Admitted::Changed);
    let nameless = vouched(key("github", "1"), "ada", None);
    assert_eq!(admit(&*store, &by_email(&nameless, "ada"), None).await, Admitted::Changed, "no address");
    assert_eq!(admit(&*store, &by_email(&who, "ada"), None).await, admitted("ada", false));
    assert_eq!(user(&*store, "ada").await.email_verified, None);
}

/// Who has a second factor is asked for it before anything becomes theirs by an address. One that was set up before the
/// first proof of the address ends with that (lesson 43).
pub async fn an_account_is_linked_by_its_address_to_nobody_who_has_a_second_factor(store: Arc<dyn Store>) {
    let standing = async |key: &AccountKey, user: &str| {
        let standing = store.standing(key, Some(&email(user))).await.expect("answers");
        standing.by_email.expect("somebody has it").has_second_factor
    };
    let by_email = |who: &Vouched, user: &str| put(who, Place::Link { user: id(user), by: Ground::Email });
    let (unproven, proves) =
        (vouched(key("github", "1"), "ada", Some(false)), vouched(key("github", "1"), "ada", Some(true)));
    admit(&*store, &sign_up("ada"), None).await;
    assert!(!standing(&unproven.key, "ada").await);
    protect(&*store, "ada").await;
    assert!(standing(&unproven.key, "ada").await);
    assert_eq!(admit(&*store, &by_email(&unproven, "ada"), Some(&stored("s1"))).await, Admitted::Changed);
    assert_eq!(keys_of(&*store, "ada").await, []);
    assert!(!has_session(&*store, "s1").await);
    assert_eq!(admit(&*store, &by_email(&proves, "ada"), Some(&stored("s1"))).await, admitted("ada", false));
    assert!(!standing(&key("gitlab", "1"), "ada").await, "it ended with the proof");
    protect(&*store, "ada").await;
    let other = vouched(key("gitlab", "1"), "ada", Some(true));
    assert_eq!(admit(&*store, &by_email(&other, "ada"), Some(&stored("s2"))).await, Admitted::Changed);
    assert_eq!(keys_of(&*store, "ada").await, [key("github", "1")]);
}

/// Between the decision and the admission anything may happen. Then nothing is written, not even the session.
pub async fn lesson_44_a_decision_that_no_longer_holds_writes_nothing(store: Arc<dyn Store>) {
    let (ada, bob) =
        (vouched(key("google", "7"), "ada", Some(true)), vouched(key("google", "8"), "bob", Some(true)));
    admit(&*store, &made(&ada, "ada"), None).await;
    admit(&*store, &made(&bob, "bob"), None).await;
    visit(&*store, "ada").await;
    visit(&*store, "bob").await;
    let (fresh, of_nobody) =
        (vouched(key("google", "9"), "eve", None), vouched(key("google", "9"), "ada", Some(true)));
    let cases = [
        ("one account's proof does not serve another's user", owned(&ada, "bob")),
        ("an account that was unlinked", owned(&fresh, "ada")),
        ("an account that somebody else linked", linked(&ada, "bob")),
        ("an account that they linked themselves", linked(&ada, "ada")),
        ("a user who was deleted", linked(&fresh, "nobody")),
        ("an owner who was deleted", owned(&fresh, "nobody")),
        ("an account that came first", made(&ada, "eve")),
        ("an address that came first", made(&of_nobody, "eve")),
    ];
    for (n, (what, admission)) in cases.iter().enumerate() {
        let session = format!("s{n}");
        let answer = admit(&*store, admission, Some(&stored(&session))).await;
        assert_eq!(answer, Admitted::Changed, "{what}");
        assert!(!has_session(&*store, &session).await, "{what}");
    }
    assert_eq!(keys_of(&*store, "ada").await, [ada.key]);
    assert_eq!(keys_of(&*store, "bob").await, [bob.key]);
    assert_eq!(store.user(&id("eve")).await.expect("answers"), None);
    assert_eq!(store.standing(&fresh.key, None).await.expect("answers"), Standing::default());
    assert_eq!(endings(&*store).await, []);
}

/// All that a sign-in asks for, in one answer.
pub async fn a_standing_says_whose_the_account_is_or_who_has_the_address(store: Arc<dyn Store>) {
    let standing =
        async |key: &AccountKey, email: Option<&str>| store.standing(key, email).await.expect("answers");
    let (github, gitlab, free) = (key("github", "1"), key("gitlab", "1"), key("gitlab", "3"));
    assert_eq!(standing(&github, Some(&email("ada"))).await, Standing::default());
    admit(&*store, &sign_up("ada"), None).await;
    visit(&*store, "ada").await;
    let ada = user(&*store, "ada").await;
    let by_email = |user: &User, providers: &[&str], has_password| {
        let providers = providers.iter().map(|&source| source.to_owned()).collect();
        let has_second_factor = false;
        let by_email = Some(EmailHolder { user: user.clone(), providers, has_password, has_second_factor });
        Standing { owner: None, by_email }
    };
    assert_eq!(standing(&github, Some(&email("ada"))).await, by_email(&ada, &[], true));
    for key in [gitlab.clone(), github.clone(), key("gitlab", "2")] {
        admit(&*store, &linked(&vouched(key, "eve", None), "ada"), None).await;
    }
    assert_eq!(standing(&free, Some(&email("ada"))).await, by_email(&ada, &["gitlab", "github"], true));
    for none in [None, Some("")] {
        assert_eq!(standing(&free, none).await, Standing::default());
    }
    admit(&*store, &made(&vouched(key("github", "2"), "bob", Some(true)), "bob"), None).await;
    let bob = user(&*store, "bob").await;
    assert_eq!(standing(&free, Some(&email("bob"))).await, by_email(&bob, &["github"], false));
    let tokens = Some(b"tokens of eve".to_vec());
    let owner = Standing { owner: Some(Owner { user: ada, tokens }), by_email: None };
    for address in [None, Some(email("ada")), Some(email("bob"))] {
        assert_eq!(standing(&github, address.as_deref()).await, owner);
    }
}

/// A session says the id at the back end that came first, whichever way its person comes in.
pub async fn b2_whoever_is_read_says_by_which_id_the_first_back_end_knows_them(store: Arc<dyn Store>) {
    admit(&*store, &account("shop", "7", "ada", "u1"), None).await;
    visit(&*store, "u1").await;
    for key in [key("github", "1"), key("gitlab", "1")] {
        admit(&*store, &linked(&vouched(key, "ada", None), "u1"), None).await;
    }
    for key in [key("shop", "7"), key("github", "1"), key("gitlab", "1")] {
        let owner = store.standing(&key, None).await.expect("answers").owner.expect("somebody's");
        let tokens = (key.source != "shop").then(|| b"tokens of ada".to_vec());
        assert_eq!((owner.user.id, owner.tokens), (id("u1"), tokens));
        assert_eq!(owner.user.back_end_id.as_deref(), Some("7"));
    }
    let read = user(&*store, "u1").await;
    assert_eq!((read.back_end_id.as_deref(), read.subject()), (Some("7"), "7"));
    let knows_itself = read.anew();
    assert_eq!((knows_itself.back_end_id.as_deref(), knows_itself.subject()), (None, "u1"));

    // By the address, with a password and without; a second back end changes nothing, and nobody knows bob.
    let at = |source: &str, id: &str, created| Account {
        key: key(source, id),
        kind: Account::CREDENTIALS.to_owned(),
        profile: profile("bea"),
        created,
    };
    let bea = ImportedUser {
        user: User { email: Some(email("bea")), email_verified: Some(NOW), ..User::new(id("bea")) },
        password_hash: Some("hash of bea".to_owned()),
        accounts: vec![at("warehouse", "w-1", LATER), at("shop", "9", NOW)],
        app: None,
    };
    let imported = store.import_users(&[bea], false, NOW).await.expect("answers");
    assert_eq!(imported, [Imported::Made]);
    admit(&*store, &sign_up("bob"), None).await;
    for (name, known_as) in [("bea", Some("9")), ("bob", None)] {
        let by_password = store.password_by_email(&email(name)).await.expect("answers").expect("has one");
        let by_address = store.user_by_email(&email(name)).await.expect("answers").expect("there");
        let free = store.standing(&key("github", "free"), Some(&email(name))).await.expect("answers");
        let holder = free.by_email.expect("has the address").user;
        for read in [by_password.user, by_address, holder, user(&*store, name).await] {
            assert_eq!((read.back_end_id.as_deref(), read.subject()), (known_as, known_as.unwrap_or(name)));
        }
    }
}

/// A back end's accounts are listed beside the others.
pub async fn b2_an_account_at_a_back_end_is_listed_as_what_it_is(store: Arc<dyn Store>) {
    admit(&*store, &account("shop", "7", "ada", "u1"), None).await;
    visit(&*store, "u1").await;
    admit(&*store, &linked(&vouched(key("github", "1"), "ada", None), "u1"), None).await;
    let accounts = store.accounts_of(&id("u1")).await.expect("answers");
    let kinds: Vec<_> = accounts.iter().map(|account| account.kind.as_str()).collect();
    assert_eq!(kinds, [Account::CREDENTIALS, "oidc"]);
    assert_eq!(accounts[0].profile, profile("ada"));
    assert_eq!(store.accounts_of(&id("nobody")).await.expect("answers"), []);
}

/// What `user` asks for in the session that [`visit`] opens, where everything on offer is an account of `sources`.
pub(super) fn unlinking(user: &str, key: &AccountKey, sources: &[&str]) -> Unlinking {
    let sources = sources.iter().map(|&source| source.to_owned()).collect();
    Unlinking {
        events: Vec::new(),
        user: id(user),
        key: key.clone(),
        session: sid(&format!("of {user}")),
        ways: WaysIn { sources, ..WaysIn::default() },
        until: UNTIL,
    }
}

async fn unlink(store: &dyn Store, what: &Unlinking) -> Unlinked {
    store.unlink_account(what).await.expect("the store answers")
}

/// Nobody locks themselves out.
pub async fn the_last_way_in_cannot_be_removed(store: Arc<dyn Store>) {
    let (first, second, same) = (key("github", "1"), key("gitlab", "1"), key("github", "2"));
    let (both, one) = (["github", "gitlab"], ["github"]);
    admit(&*store, &made(&vouched(first.clone(), "ada", Some(false)), "ada"), None).await;
    visit(&*store, "ada").await;
    assert_eq!(unlink(&*store, &unlinking("ada", &first, &both)).await, Unlinked::LastWay);
    assert_eq!(keys_of(&*store, "ada").await, std::slice::from_ref(&first));
    assert!(store.account_tokens(&first).await.expect("answers").is_some());

    admit(&*store, &linked(&vouched(second.clone(), "ada", None), "ada"), None).await;
    let other_is_gone = unlink(&*store, &unlinking("ada", &first, &one)).await;
    assert_eq!(other_is_gone, Unlinked::LastWay, "what is left is not offered any more");
    assert_eq!(unlink(&*store, &unlinking("ada", &first, &both)).await, Unlinked::Done);
    assert_eq!(unlink(&*store, &unlinking("ada", &first, &both)).await, Unlinked::NotFound);
    assert_eq!(unlink(&*store, &unlinking("ada", &second, &both)).await, Unlinked::LastWay);

    for key in [&first, &same] {
        admit(&*store, &linked(&vouched(key.clone(), "ada", None), "ada"), None).await;
    }
    assert_eq!(unlink(&*store, &unlinking("ada", &second, &one)).await, Unlinked::Done);
    assert_eq!(
        unlink(&*store, &unlinking("ada", &first, &one)).await,
        Unlinked::Done,
        "another of one source"
    );
    assert_eq!(keys_of(&*store, "ada").await, [same]);
}

/// A password, or a proven address, where the deployment takes them.
pub async fn a_password_or_a_proven_address_is_a_way_in_where_it_is_offered(store: Arc<dyn Store>) {
    let nothing = |user: &str, key: &AccountKey| unlinking(user, key, &[]);
    let with = |user: &str, key: &AccountKey, password, mail| Unlinking {
        ways: WaysIn { password, mail, passkey: false, sources: vec![key.source.clone()] },
        ..nothing(user, key)
    };
    let (adas, bobs, eves) = (key("github", "ada"), key("github", "bob"), key("github", "eve"));
    admit(&*store, &sign_up("ada"), None).await;
    visit(&*store, "ada").await;
    admit(&*store, &linked(&vouched(adas.clone(), "ada", None), "ada"), None).await;
    assert_eq!(unlink(&*store, &with("ada", &adas, false, true)).await, Unlinked::LastWay);
    assert_eq!(unlink(&*store, &with("ada", &adas, true, false)).await, Unlinked::Done);

    for (name, key, verified) in [("bob", &bobs, true), ("eve", &eves, false)] {
        admit(&*store, &made(&vouched(key.clone(), name, Some(verified)), name), None).await;
        visit(&*store, name).await;
    }
    assert_eq!(unlink(&*store, &with("bob", &bobs, true, false)).await, Unlinked::LastWay);
    assert_eq!(unlink(&*store, &with("bob", &bobs, false, true)).await, Unlinked::Done);
    assert_eq!(unlink(&*store, &with("eve", &eves, true, true)).await, Unlinked::LastWay, "nobody proved it");
}

/// It opens nothing any more, is free for others, and leaves nothing that could be mistaken for theirs.
pub async fn an_account_that_was_unlinked_is_gone_with_its_tokens_and_sessions(store: Arc<dyn Store>) {
    let (github, gitlab) = (key("github", "1"), key("gitlab", "1"));
    for name in ["ada", "bob"] {
        admit(&*store, &sign_up(name), None).await;
        visit(&*store, name).await;
    }
    let (who, other) = (vouched(github.clone(), "eve", None), vouched(gitlab.clone(), "eve", None));
    let via = |session: NewSession, key: &AccountKey| NewSession { via: Some(key.clone()), ..session };
    for (who, session) in [
        (&who, via(stored("by it"), &github)),
        (&who, via(sealed("by it, sealed"), &github)),
        (&who, via(sealed("asks"), &github)),
        (&other, via(stored("by another"), &gitlab)),
    ] {
        let known = store.standing(&who.key, None).await.expect("answers").owner.is_some();
        let admission = if known { owned(who, "ada") } else { linked(who, "ada") };
        assert_eq!(admit(&*store, &admission, Some(&session)).await, admitted("ada", false));
    }
    let entry = AuditEntry::new(AuditKind::AccountUnlinked, NOW);
    let events = vec![NewEvent::audit(entry, About::Anybody)];
    let of_bob = Unlinking { events: events.clone(), ..unlinking("bob", &github, &["github", "gitlab"]) };
    let not_his = unlink(&*store, &of_bob).await;
    assert_eq!(not_his, Unlinked::NotFound, "somebody else's");
    assert_eq!(ended_ids(&*store).await, [""; 0]);
    assert_eq!(store.audit(&AuditFilter::default(), 10).await.expect("answers"), [], "and nothing is told");

    let asked = Unlinking { session: sid("asks"), events, ..unlinking("ada", &github, &["gitlab"]) };
    assert_eq!(unlink(&*store, &asked).await, Unlinked::Done);
    let told = store.audit(&AuditFilter::default(), 10).await.expect("answers");
    assert_eq!(told.iter().map(|entry| entry.user.clone()).collect::<Vec<_>>(), [Some(id("ada"))]);
    assert_eq!(store.account_tokens(&github).await.expect("answers"), None);
    assert_eq!(admit(&*store, &owned(&who, "ada"), None).await, Admitted::Changed);
    assert_eq!(ended_ids(&*store).await, ["by it", "by it, sealed"]);
    assert!(endings(&*store).await.iter().all(|ended| ended.until == UNTIL));
    assert!(!has_session(&*store, "by it").await && has_session(&*store, "by another").await);
    let record = store.session_record(&sid("asks")).await.expect("answers").expect("the session stays");
    assert_eq!(record.via, None);
    let record = store.session_record(&sid("by another")).await.expect("answers").expect("stays");
    assert_eq!(record.via, Some(gitlab));
    assert_eq!(admit(&*store, &linked(&who, "bob"), None).await, admitted("bob", false));
}

/// Who was put out meanwhile, or names another's session, takes nothing away.
pub async fn an_account_is_unlinked_only_while_the_session_that_asked_for_it_is_open(store: Arc<dyn Store>) {
    for name in ["ada", "bob"] {
        admit(&*store, &sign_up(name), None).await;
        visit(&*store, name).await;
    }
    let (first, second) = (key("github", "1"), key("gitlab", "1"));
    for key in [&first, &second] {
        admit(&*store, &linked(&vouched(key.clone(), "eve", None), "ada"), None).await;
    }
    let asked = unlinking("ada", &first, &["github", "gitlab"]);
    let by_bobs = Unlinking { session: sid("of bob"), ..asked.clone() };
    assert_eq!(unlink(&*store, &by_bobs).await, Unlinked::SignedOut);
    store.end_session(&Ending::Id(sid("of ada")), UNTIL, &[]).await.expect("answers");
    assert_eq!(unlink(&*store, &asked).await, Unlinked::SignedOut);
    assert_eq!(keys_of(&*store, "ada").await, [first, second]);
}

/// Nothing of a deleted user admits anybody.
pub async fn lesson_56_deleting_a_user_deletes_accounts_and_tokens(store: Arc<dyn Store>) {
    let who = vouched(key("google", "7"), "ada", Some(true));
    admit(&*store, &made(&who, "ada"), Some(&stored("s1"))).await;
    assert!(store.delete_user(&email("ada"), UNTIL).await.expect("answers"));
    let standing = store.standing(&who.key, Some(&email("ada"))).await.expect("answers");
    assert_eq!(standing, Standing::default());
    assert_eq!(store.account_tokens(&who.key).await.expect("answers"), None);
    assert_eq!(store.session_record(&sid("s1")).await.expect("answers"), None);
    assert_eq!(admit(&*store, &owned(&who, "ada"), Some(&stored("s2"))).await, Admitted::Changed);
    assert_eq!(admit(&*store, &made(&who, "eve"), None).await, admitted("eve", true));
}
