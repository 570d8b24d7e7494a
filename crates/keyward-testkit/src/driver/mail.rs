//! Mails, their links, and the forms behind them.

use std::time::Duration;

use keyward_core::{
    mail::Mail,
    port::Clock as _,
    reply::Reply,
    request::{Body, Method, Pairs},
    user::User,
};
use serde_json::Value;

use super::{Browser, World, target};

impl World {
    /// The mails that wait, taken as who sends them takes them.
    pub async fn post(&self) -> Vec<Mail> {
        let (store, now) = (self.store.inner(), self.clock.now());
        let due = store.due_mails(now, now.plus(Duration::from_secs(1)), 100).await.expect("answers");
        let mut mails = Vec::new();
        for mail in due {
            mails.push(self.engine.open_mail(&mail.sealed).expect("sealed here"));
            store.settle_mail(&mail, None).await.expect("answers");
        }
        mails
    }

    /// The only mail that waits.
    pub async fn letter(&self) -> Mail {
        let mut mails = self.post().await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        mails.remove(0)
    }

    /// Who has this address.
    pub async fn user(&self, email: &str) -> Option<User> {
        self.store.inner().user_by_email(email).await.expect("answers")
    }

    /// The hash of their password.
    pub async fn hash(&self, email: &str) -> Option<String> {
        let stored = self.store.inner().password_by_email(email).await.expect("answers");
        stored.map(|stored| stored.hash)
    }
}

/// The token and whom it is for, of a link.
#[must_use]
pub fn parts(link: &str) -> (String, String) {
    let url = url::Url::parse(link).expect("a link");
    let get = |name| url.query_pairs().find(|(n, _)| n == name).expect("there").1.into_owned();
    (get("token"), get("for"))
}

impl Browser<'_> {
    /// Asks for a link to sign in by.
    pub async fn ask(&mut self, provider: &str, email: &str) -> Reply {
        self.post(&format!("signin/{provider}"), &[("email", email), ("callbackUrl", "/dash?a=1")]).await
    }

    /// Asks for a link and takes it from the mailbox.
    pub async fn link(&mut self, provider: &str, email: &str) -> String {
        self.ask(provider, email).await;
        target(&self.world.mail.sent().pop().expect("a mail").text)
    }

    /// Sends a form as a browser without a script does.
    pub async fn form(&mut self, target: &str, fields: &[(&str, &str)]) -> Reply {
        let csrf = self.csrf().await;
        let mut form = vec![("csrfToken".to_owned(), csrf)];
        form.extend(fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        self.send(Method::Post, target, Body::Form(Pairs(form))).await
    }

    /// Sends the form behind a link.
    pub async fn press(&mut self, link: &str, fields: &[(&str, &str)]) -> Reply {
        let (token, subject) = parts(link);
        let target = target(link);
        let page = target.split('?').next().expect("a path");
        let mut all = vec![("token", token.as_str()), ("for", subject.as_str())];
        all.extend(fields);
        self.form(page, &all).await
    }

    /// Calls with a good CSRF token.
    pub async fn call(&mut self, call: &str, mut body: Value) -> Reply {
        body["csrfToken"] = self.csrf().await.into();
        let Value::Object(body) = body else { unreachable!("an object") };
        self.send(Method::Post, &format!("-/v1/account/{call}"), Body::Json(body)).await
    }
}
