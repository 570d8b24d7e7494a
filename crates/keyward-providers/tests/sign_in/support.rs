//! A sign-in at the imagined provider, and what was asked of it.

use keyward_core::{method::redirect::Departure, request::Pairs};
use keyward_providers::{Code, Fault, Identity, World, attempt::Purpose, begin, complete, http::Body};

use crate::hostile::op::Op;

pub(crate) const REDIRECT: &str = "https://app.example/api/auth/callback/op";

impl Op {
    /// One sign-in, from begin to end.
    pub(crate) async fn sign_in(&self) -> Result<Identity, Fault> {
        let world = World { http: self, clock: &self.clock, random: &self.random, cache: &self.cache };
        let provider = self.provider();
        let asked = Pairs::default();
        let departure = Departure {
            purpose: Purpose::SignIn,
            redirect_uri: REDIRECT.to_owned(),
            landing: None,
            asked: &asked,
        };
        let start = begin(&provider, departure, &world).await?;
        let mut attempt = start.attempt;
        let response = self.agrees(&start.url);
        (self.attempt)(&mut attempt);
        complete(&provider, &Pairs(response), &attempt, &world).await
    }

    pub(crate) async fn refusal(&self) -> (Code, String) {
        let fault = self.sign_in().await.expect_err("refused");
        (fault.code, fault.detail)
    }

    /// The decoded form of the token request.
    pub(crate) fn token_form(&self) -> Vec<(String, String)> {
        let calls = self.calls.lock().expect("a lock");
        let form = calls.iter().find_map(|call| match &call.body {
            Some(Body::Form(form)) => Some(form.expose().to_owned()),
            _ => None,
        });
        let form = form.expect("a token request");
        url::form_urlencoded::parse(form.as_bytes()).into_owned().collect()
    }
}
