//! Tokens of others, refreshed once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use keyward_core::{
    port::{Background, Boxed, Clock as _},
    secret::Secret,
    time::Timestamp,
    vault::{BEFORE, Foreign, ForeignTokens, REFRESH_ERROR, RefreshFault, Refresher, TokenSource},
};
use serde_json::json;

use super::Stage;
use crate::driver::Browser;

/// How long the first access token lives.
const LIFE: Duration = Duration::from_secs(300);
/// As long as nobody waits for anybody any more.
const OVER: Duration = Duration::from_secs(120);
/// When the second one ends, in seconds: in another century.
const NEVER: i64 = 4_100_000_000;

/// A back end that takes its refresh token once.
#[derive(Default)]
struct Strict(AtomicBool);

#[async_trait]
impl Refresher for Strict {
    async fn refresh(&self, _: &ForeignTokens, _: &str) -> Result<ForeignTokens, RefreshFault> {
        if self.0.swap(true, Ordering::SeqCst) {
            return Err(RefreshFault::Refused("reused".to_owned()));
        }
        Ok(ForeignTokens {
            access_token: Secret::from("a1"),
            refresh_token: Some(Secret::from("r1")),
            expires: Some(Timestamp::from_secs(NEVER)),
        })
    }
}

struct Tokio;

impl Background for Tokio {
    fn spawn(&self, work: Boxed<()>) {
        tokio::spawn(work);
    }

    fn sleep(&self, span: Duration) -> Boxed<()> {
        Box::pin(tokio::time::sleep(span))
    }
}

/// Whose tokens sessions keep: those of the back end `login`.
pub(super) fn foreign() -> Foreign {
    let source = TokenSource {
        refresher: Some(Arc::new(Strict::default())),
        before: BEFORE,
        grace: None,
        timeout: Duration::from_secs(5),
        error: REFRESH_ERROR.to_owned(),
    };
    Foreign {
        sources: [("login".to_owned(), source)].into_iter().collect(),
        background: Some(Arc::new(Tokio)),
    }
}

/// The old token, which is good still, or the new one; and the new one in the end. The back end is asked once.
pub async fn a_back_ends_tokens_that_are_refreshed(stage: &Stage) {
    stage
        .plays_and(
            async |browser| {
                let world = browser.world;
                let expires = world.clock.now().plus(LIFE).millis();
                let person = json!({
                    "id": 7, "name": "Grace", "accessToken": "a0", "refreshToken": "r0",
                    "accessTokenExpires": expires,
                });
                world.http.json(200, &person);
                browser.post("callback/login", &[("email", "grace"), ("password", "theirs")]).await;
                assert_eq!(browser.session().await["accessToken"], "a0");
                world.clock.advance(LIFE - BEFORE / 2);
            },
            async |browser, ()| browser.get("session").await,
            async |browser, ()| {
                browser.world.clock.advance(OVER);
                browser.get("session").await
            },
            new_in_the_end,
        )
        .await;
}

async fn new_in_the_end(browser: &mut Browser<'_>, (): &()) -> bool {
    // Nobody is still at it, and every back-off is over.
    browser.world.clock.advance(OVER);
    let session = browser.session().await;
    session["accessToken"] == "a1" && session.get("error").is_none()
}
