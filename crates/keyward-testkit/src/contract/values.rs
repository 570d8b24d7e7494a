//! Values come back as they went in, whatever they are.

use std::sync::Arc;

use keyward_core::{
    claims::Claims,
    port::{Ending, Renewed, Store},
    ticket::{Purpose, Ticket, TicketKey},
    time::Timestamp,
    user::{Account, AccountKey, Admission, NewUser, Profile, Vouched},
};
use serde_json::json;

use super::{NOW, UNTIL, admit, admitted, endings, id, linked, new_user, renew, sid, stored, token, visit};

/// Texts that engines are known to bend.
fn awkward() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        " spaces around ",
        "a\0b",
        "\0",
        "a\0",
        "'; DROP TABLE user; --",
        "%_\\\"`[]",
        "line\nbreak\r\n\ttab\u{7f}\u{1b}",
        "Ǆ ß İ ı ﬁ Å",
        "e\u{301} é",
        "日本語 العربية हिन्दी",
        "👩‍👩‍👧‍👦 🏳️‍🌈 \u{10ffff}",
        "\u{feff}\u{200b}\u{202e}",
        "null",
        "0123",
        "1e5",
        "true",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push("long ".repeat(20_000));
    texts
}

/// In every column that holds a text.
pub async fn texts_come_back_as_they_went_in(store: Arc<dyn Store>) {
    for (n, text) in awkward().into_iter().enumerate() {
        let tail = |of: &str| format!("{text}{of}{n}");
        let (user, email, hash) = (tail("user"), tail("@"), tail("hash"));
        let sign_up = Admission::NewUser {
            user: NewUser { name: Some(text.clone()), image: Some(text.clone()), ..new_user(&user, &email) },
            password_hash: hash.clone(),
        };
        let mut session = stored(&format!("a{n}"));
        session.id = sid(&tail("session"));
        session.user_agent = Some(text.clone());
        session.claims.set("text", text.clone());
        session.claims.set(&tail("name"), true);
        assert_eq!(admit(&*store, &sign_up, Some(&session)).await, admitted(&user, true), "{text:?}");
        let password = store.password_by_email(&email).await.expect("answers").expect("found");
        assert_eq!((password.user.id.0, password.hash.clone()), (user.clone(), hash.clone()));
        assert_eq!((password.user.email, password.user.name), (Some(email.clone()), Some(text.clone())));
        let read = store.session(&token(&format!("a{n}"))).await.expect("answers").expect("found");
        assert_eq!((&read.id, &read.claims), (&session.id, &session.claims));
        assert!(store.replace_password(&id(&user), &hash, &text).await.expect("answers"));

        let key = AccountKey { source: tail("source"), id: text.clone() };
        let account = Admission::Account {
            key: key.clone(),
            profile: Profile { name: Some(Some(text.clone())), email: None, image: Some(Some(text.clone())) },
            new_id: id(&tail("account")),
        };
        assert_eq!(admit(&*store, &account, None).await, admitted(&tail("account"), true));
        assert_eq!(admit(&*store, &account, None).await, admitted(&tail("account"), false));
        let known = store.user(&id(&tail("account"))).await.expect("answers").expect("found");
        assert_eq!((known.name.as_ref(), known.image.as_ref()), (Some(&text), Some(&text)));

        assert_eq!(store.accounts_of(&id(&tail("account"))).await.expect("answers")[0].key, key);

        let who = Vouched {
            key: AccountKey { source: tail("provider"), id: text.clone() },
            kind: text.clone(),
            profile: Profile { name: Some(None), email: Some(Some(text.clone())), image: None },
            email: None,
            tokens: Some(text.clone().into_bytes()),
            spent: None,
        };
        session.id = sid(&tail("of the provider"));
        (session.token, session.via) = (None, Some(who.key.clone()));
        visit(&*store, &user).await;
        assert_eq!(admit(&*store, &linked(&who, &user), Some(&session)).await, admitted(&user, false));
        let accounts = store.accounts_of(&id(&user)).await.expect("answers");
        let Account { key, kind, profile, .. } = &accounts[0];
        assert_eq!((key, kind, profile), (&who.key, &who.kind, &who.profile));
        assert_eq!(store.account_tokens(key).await.expect("answers"), who.tokens);
        let record = store.session_record(&session.id).await.expect("answers").expect("found");
        assert_eq!((record.user, record.via), (Some(id(&user)), session.via));
        let owner = store.standing(&who.key, None).await.expect("answers").owner.expect("found");
        assert_eq!((owner.user.id, owner.tokens), (id(&user), who.tokens));
        let free = AccountKey { source: tail("provider"), id: tail("nobody") };
        let holder = store.standing(&free, Some(&email)).await.expect("answers").by_email;
        assert_eq!(holder.expect("found").providers, [who.key.source]);

        let key = TicketKey { purpose: Purpose::EMAIL_LINK, subject: tail("subject"), hash: tail("hash") };
        let ticket = Ticket { key, data: text.clone(), created: NOW, expires: UNTIL };
        store.issue_ticket(&ticket).await.expect("answers");
        assert_eq!(store.consume_ticket(&ticket.key, NOW).await.expect("answers"), Some(ticket));

        store.end_session(&Ending::Id(read.id.clone()), UNTIL, &[]).await.expect("answers");
        assert_eq!(endings(&*store).await.last().map(|ended| &ended.session), Some(&read.id));
    }
}

/// Neither case nor accents, nor what follows a NUL or a blank, is passed over in a comparison.
pub async fn texts_that_differ_anywhere_are_different_keys(store: Arc<dyn Store>) {
    let texts =
        ["a", "A", "á", "a\u{301}", "a ", " a", "a\0", "a\0b", "a\0c", "ß", "ss", "i", "ı", "0", "00", ""];
    for (n, text) in texts.into_iter().enumerate() {
        let user = format!("user {n}");
        let sign_up = Admission::NewUser { user: new_user(&user, text), password_hash: user.clone() };
        assert_eq!(admit(&*store, &sign_up, None).await, admitted(&user, true), "{text:?}");
        let account = Admission::Account {
            key: AccountKey { source: "shop".to_owned(), id: text.to_owned() },
            profile: Profile::default(),
            new_id: id(&format!("account {n}")),
        };
        assert_eq!(admit(&*store, &account, None).await, admitted(&format!("account {n}"), true));
        let key = TicketKey { purpose: Purpose::EMAIL_LINK, subject: text.to_owned(), hash: text.to_owned() };
        let ticket = Ticket { key, data: user, created: NOW, expires: UNTIL };
        store.issue_ticket(&ticket).await.expect("no other has this key");
        store.end_session(&Ending::Id(sid(text)), UNTIL, &[]).await.expect("answers");
    }
    assert_eq!(endings(&*store).await.len(), texts.len());
    for (n, text) in texts.into_iter().enumerate() {
        let password = store.password_by_email(text).await.expect("answers").expect("found");
        assert_eq!(password.hash, format!("user {n}"));
    }
}

/// Order of members, kinds of numbers and every bit of a float.
pub async fn claims_come_back_exactly_in_their_order(store: Arc<dyn Store>) {
    let members = json!({
        "zeta": 1, "alpha": 2, "": "empty name", "Alpha": null, "nested": {"b": [1, {"z": 0, "a": 0}], "a": {}},
        "whole": 1, "float": 1.0, "negative": -1, "negative zero": -0.0, "largest": u64::MAX, "least": i64::MIN,
        "beyond double": 9_007_199_254_740_993_u64, "tiny": f64::MIN_POSITIVE, "denormal": 5e-324,
        "huge": f64::MAX, "third": 1.0 / 3.0, "sum": 0.1 + 0.2, "long": 2.638_344_616_030_823e-100,
        "odd": 122.416_294_033_786_59, "text": "\"\\\u{0}\u{2028}<script>", "flags": [true, false, null]
    });
    let claims: Claims = members.as_object().cloned().unwrap_or_default().into_iter().collect();
    let mut session = stored("s1");
    session.claims = claims.clone();
    admit(&*store, &super::sign_up("ada"), Some(&session)).await;
    let text = |claims: &Claims| serde_json::to_string(claims).expect("claims are JSON");
    let written = text(&claims);
    assert_eq!(written, members.to_string());
    let read = async || {
        let read = store.session(&token("s1")).await.expect("answers").expect("found");
        text(&read.claims)
    };
    assert_eq!(read().await, written);
    // Now with the order turned round, and a thousand floats with nothing in common.
    let mut turned: Claims = members.as_object().cloned().unwrap_or_default().into_iter().rev().collect();
    let mut bits = 0x9e37_79b9_7f4a_7c15_u64;
    let floats = std::iter::repeat_with(|| {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from_bits(bits)
    });
    let floats: Vec<_> = floats.filter(|float| float.is_finite()).take(1000).collect();
    turned.set("floats", json!(floats));
    assert_eq!(renew(&*store, "s1", Some(&turned), UNTIL).await, Renewed::Done);
    assert_eq!(read().await, text(&turned));
}

/// A megabyte, and nesting as deep as JSON parsers allow.
pub async fn claims_that_are_large_or_deep_come_back(store: Arc<dyn Store>) {
    let mut session = stored("s1");
    session.claims.set("large", "é\"".repeat(250_000));
    session.claims.set("deep", (0..100).fold(json!("bottom"), |inner, _| json!([inner])));
    admit(&*store, &super::sign_up("ada"), Some(&session)).await;
    let read = store.session(&token("s1")).await.expect("answers").expect("found");
    assert!(read.claims == session.claims);
}

/// Also before the epoch and at the ends of what an integer holds.
pub async fn moments_come_back_to_the_millisecond(store: Arc<dyn Store>) {
    admit(&*store, &super::sign_up("ada"), Some(&stored("s1"))).await;
    for millis in [0, 1, -1, 1_780_000_000_999, i64::from(i32::MAX) * 1000 + 1, i64::MAX, i64::MIN] {
        let at = Timestamp::from_millis(millis);
        assert_eq!(renew(&*store, "s1", None, at).await, Renewed::Done);
        let read = store.session(&token("s1")).await.expect("answers").expect("found");
        assert_eq!(read.expires, at);
        let key =
            TicketKey { purpose: Purpose::EMAIL_LINK, subject: String::new(), hash: millis.to_string() };
        let ticket = Ticket { key, data: String::new(), created: at, expires: at };
        store.issue_ticket(&ticket).await.expect("answers");
        assert_eq!(store.ticket(&ticket.key, at).await.expect("answers"), Some(ticket));
        store.end_session(&Ending::Id(sid(&millis.to_string())), at, &[]).await.expect("answers");
        assert_eq!(endings(&*store).await.last().map(|ended| ended.until), Some(at));
    }
}
