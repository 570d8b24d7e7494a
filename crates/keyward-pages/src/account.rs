//! The pages on which people prove, reset, change and give up what is theirs: all are a few words and, mostly, a form.

use askama::Template;

use crate::errors::ErrorText;
use crate::form::{Field, start_in};
use crate::frame::Frame;

/// A page about somebody's own account.
#[derive(Clone, Debug, Template)]
#[template(path = "account_form.html")]
pub struct AccountFormPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// The page's class, and the word for it in the ids of its inputs: `reset`.
    pub kind: &'a str,
    /// A few words.
    pub title: &'a str,
    /// A sentence. Empty: none.
    pub text: &'a str,
    /// What went wrong before.
    pub error: Option<ErrorText>,
    /// What can be sent. `None`: the page only tells.
    pub form: Option<AccountForm<'a>>,
    /// Ways on, address and label: checked addresses. Where there is no form the first is the main one.
    pub links: Vec<(&'a str, &'a str)>,
    /// Development without a mail server: where the mail can be read. Empty: there is none to read.
    pub mailbox_url: &'a str,
}

/// The form of such a page.
#[derive(Clone, Debug)]
pub struct AccountForm<'a> {
    /// Where it is sent.
    pub action: &'a str,
    /// Goes along with it.
    pub csrf_token: &'a str,
    /// Further values that go along, by name.
    pub hidden: Vec<(&'a str, &'a str)>,
    /// What is asked for.
    pub fields: Vec<Field<'a>>,
    /// The label of its button.
    pub button: &'a str,
    /// Whether what it does cannot be taken back.
    pub is_final: bool,
}

impl AccountFormPage<'_> {
    /// The page as HTML, to be served as `text/html; charset=utf-8` with
    /// [`CONTENT_SECURITY_POLICY`](crate::CONTENT_SECURITY_POLICY).
    pub fn render(&self) -> String {
        Template::render(self).expect("writing to a String cannot fail")
    }

    fn start_in(&self) -> Option<String> {
        let fields = self.form.iter().flat_map(|form| &form.fields);
        let inputs: Vec<_> = fields.map(|field| (self.kind, field)).collect();
        start_in(&inputs, self.error.as_ref())
    }

    /// Whether this link is the page's main button.
    fn is_main(&self, index: usize) -> bool {
        index == 0 && self.form.is_none() && self.mailbox_url.is_empty()
    }
}
