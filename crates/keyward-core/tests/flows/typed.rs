//! What somebody typed into a sign-up that was refused stands in the form again; the password does not.

use keyward_core::{
    reply::{FormKind, Page, Reply, ReplyBody},
    settings::Strategy,
};

use crate::support::{ALL, PASSWORD, world};

/// What the inputs of the sign-up page hold, by name.
fn held(reply: &Reply) -> Vec<(&str, &str)> {
    let ReplyBody::Page(Page::SignUp { form, .. }) = &reply.body else { unreachable!("{:?}", reply.body) };
    let FormKind::Fields(fields) = &form.kind else { unreachable!() };
    fields.iter().filter_map(|field| Some((&*field.name, field.attributes.get("value")?.as_str()))).collect()
}

#[tokio::test]
async fn a_refused_sign_up_keeps_what_was_typed_but_no_password() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        let fields = [("email", "ada@example.com"), ("password", "password1")];
        let reply = browser.post("callback/signup", &fields).await;
        let cookie = reply.cookies.iter().find(|cookie| cookie.starts_with("keyward.typed=")).expect("kept");
        assert!(!cookie.contains("ada") && cookie.contains("Max-Age=300") && cookie.contains("HttpOnly"));
        let page = browser.get("-/signup?error=weak_password").await;
        assert_eq!(held(&page), [("email", "ada@example.com")], "{dialect:?}");
        browser.post("callback/signup", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
        assert!(browser.is_signed_in().await);
        assert_eq!(held(&browser.get("-/signup").await), [], "and no longer than that");
    }
}

#[tokio::test]
async fn an_address_that_somebody_has_stands_there_too_and_what_others_sealed_holds_nothing() {
    let world = world(ALL[1], Strategy::Sealed);
    world.browser().sign_up("ada@example.com").await;
    let mut browser = world.browser();
    browser.sign_up("ada@example.com").await;
    assert_eq!(held(&browser.get("-/signup").await), [("email", "ada@example.com")]);
    for forged in ["", "x", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA"] {
        browser.cookies.retain(|(name, _)| name != "keyward.typed");
        browser.cookies.push(("keyward.typed".to_owned(), forged.to_owned()));
        assert_eq!(held(&browser.get("-/signup").await), []);
    }
}
