//! Coming in, and going.

use serde_json::json;

use super::{ADA, Arriving, GRACE, Refused, Stage, ada, signed_in};
use crate::{
    CountingHasher,
    driver::{Browser, PASSWORD, Person},
};

/// Somebody at another site.
pub(super) const PERSON: Person<'_> = Person { id: "grace-1", email: GRACE };

/// With a password of one's own.
pub async fn a_sign_up(stage: &Stage) {
    stage
        .plays_and(
            async |_| (),
            async |browser, ()| browser.sign_up(ADA).await,
            async |browser, ()| {
                let reply = browser.sign_up(ADA).await;
                // They are there already, and are told so.
                if browser.is_signed_in().await { reply } else { browser.sign_in(ADA, PASSWORD).await }
            },
            signed_in,
        )
        .await;
}

/// After a wrong one, with a hash of yesterday, from where they never were.
pub async fn a_sign_in_with_a_password(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                browser.cookies.clear();
                browser.sign_in(ADA, "wrong").await;
                let (store, user) = (browser.world.store.inner(), browser.world.user(ADA).await);
                let (user, hash) = (user.expect("there").id, browser.world.hash(ADA).await.expect("there"));
                let outdated = CountingHasher::outdated(PASSWORD);
                assert!(store.replace_password(&user, &hash, &outdated).await.expect("answers"));
            },
            async |browser, ()| browser.sign_in(ADA, PASSWORD).await,
            signed_in,
        )
        .await;
}

/// Which is counted, or the answer is another.
pub async fn a_wrong_password(stage: &Stage) {
    let guess = async |browser: &mut Browser<'_>, (): &()| {
        Refused(browser.sign_in(ADA, "wrong").await, "CredentialsSignin")
    };
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                browser.cookies.clear();
            },
            guess,
            async |browser, ()| !browser.is_signed_in().await,
        )
        .await;
}

/// A ticket and a mail.
pub async fn a_link_that_is_asked_for(stage: &Stage) {
    stage
        .plays(
            ada,
            async |browser, ()| browser.ask("email", ADA).await,
            async |browser, ()| !browser.world.mail.sent().is_empty(),
        )
        .await;
}

/// It is used up by what it admits to, and by nothing else.
pub async fn a_sign_in_by_a_link(stage: &Stage) {
    stage
        .plays_and(
            async |browser| browser.link("email", GRACE).await,
            async |browser, link| browser.get(link).await,
            async |browser, link| {
                let reply = browser.get(link).await;
                if browser.is_signed_in().await {
                    return reply;
                }
                let another = browser.link("email", GRACE).await;
                browser.get(&another).await
            },
            signed_in,
        )
        .await;
}

/// An account there, and a session here.
pub async fn a_sign_in_at_a_back_end(stage: &Stage) {
    stage
        .plays(
            async |_| (),
            async |browser, ()| {
                browser.world.http.json(200, &json!({"id": 7, "name": "Grace", "email": GRACE}));
                let fields = [("email", GRACE), ("password", "theirs")];
                browser.post("callback/login", &fields).await
            },
            signed_in,
        )
        .await;
}

/// A new user with an account.
pub async fn a_first_sign_in_at_another_site(stage: &Stage) {
    stage
        .plays(
            async |_| (),
            async |browser, ()| Arriving(browser.sign_in_at("hub", &PERSON).await),
            signed_in,
        )
        .await;
}

/// With the tokens that are kept of them.
pub async fn a_further_sign_in_at_another_site(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                browser.sign_in_at("hub", &PERSON).await;
                browser.cookies.clear();
            },
            async |browser, ()| Arriving(browser.sign_in_at("hub", &PERSON).await),
            signed_in,
        )
        .await;
}

/// Over for whoever has a copy of the cookie, too.
pub async fn a_sign_out(stage: &Stage) {
    leaves(stage, async |browser| ada(browser).await).await;
}

/// The same of who came from there.
pub async fn a_sign_out_here_and_at_another_site(stage: &Stage) {
    leaves(stage, async |browser| drop(browser.sign_in_at("hub", &PERSON).await)).await;
}

async fn leaves(stage: &Stage, enter: impl AsyncFn(&mut Browser<'_>)) {
    stage
        .plays(
            async |browser| {
                enter(browser).await;
                browser.cookies.clone()
            },
            async |browser, _| browser.post("signout", &[]).await,
            async |browser, cookies| {
                browser.world.engine.follow_changes().await.expect("answers");
                let mut copy = Browser { cookies: cookies.clone(), ..browser.world.browser() };
                !copy.is_signed_in().await && !browser.is_signed_in().await
            },
        )
        .await;
}
