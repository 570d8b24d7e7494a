//! The pages about one's own account: tabs, a form, and lists of what is there with what can be done about it.

use askama::Template;

use crate::account::AccountForm;
use crate::errors::ErrorText;
use crate::form::start_in;
use crate::frame::Frame;

/// `{base}/-/account` and the pages beside it.
#[derive(Clone, Debug, Template)]
#[template(path = "own_account.html")]
pub struct OwnAccountPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// A few words.
    pub title: &'a str,
    /// The pages, in the order of the navigation.
    pub tabs: Vec<AccountTab<'a>>,
    /// What was done a moment ago. Empty: nothing.
    pub notice: &'a str,
    /// What went wrong before.
    pub error: Option<ErrorText>,
    /// Whose account it is.
    pub person: AccountPerson<'a>,
    /// What can be changed here.
    pub form: Option<AccountForm<'a>>,
    /// What is there.
    pub sections: Vec<AccountSection<'a>>,
    /// Goes along with the forms of rows.
    pub csrf_token: &'a str,
    /// Ways on from what is there, address and label.
    pub links: Vec<(String, &'a str)>,
    /// Back to the application, address and label.
    pub back: (&'a str, String),
    /// Where one signs out, and the label of it.
    pub sign_out: (&'a str, &'a str),
}

/// A page in the navigation.
#[derive(Clone, Debug)]
pub struct AccountTab<'a> {
    /// What it is about.
    pub label: &'a str,
    /// Where it is.
    pub url: &'a str,
    /// True for the one that is shown.
    pub is_current: bool,
}

/// Whose account it is.
#[derive(Clone, Copy, Debug)]
pub struct AccountPerson<'a> {
    /// Their name; empty for none.
    pub name: &'a str,
    /// Their address; empty for none.
    pub email: &'a str,
    /// Address of their picture; empty for none.
    pub image: &'a str,
}

/// A list with a heading.
#[derive(Clone, Debug)]
pub struct AccountSection<'a> {
    /// A few words. Empty: the page's title says it.
    pub title: &'a str,
    /// What is said where there is nothing in it. Empty: then it is left out.
    pub none: &'a str,
    /// What is in it.
    pub rows: Vec<AccountRow<'a>>,
}

/// A line of it.
#[derive(Clone, Debug)]
pub struct AccountRow<'a> {
    /// What it is.
    pub title: String,
    /// Marks it; empty for nothing.
    pub badge: &'a str,
    /// Details, each in one line.
    pub notes: Vec<String>,
    /// What can be done about it.
    pub action: RowAction<'a>,
}

/// What can be done about something.
#[derive(Clone, Debug)]
pub enum RowAction<'a> {
    /// Nothing.
    Nothing,
    /// Go on to another page.
    Link {
        /// Where to.
        url: &'a str,
        /// What for.
        label: &'a str,
    },
    /// Send a form.
    Send {
        /// Where it goes.
        action: &'a str,
        /// What goes along, by name.
        hidden: Vec<(&'a str, &'a str)>,
        /// What for.
        label: &'a str,
    },
}

impl OwnAccountPage<'_> {
    /// The word for the form in the ids of its inputs.
    const FORM: &'static str = "account";

    /// The page as HTML, to be served as `text/html; charset=utf-8` with
    /// [`CONTENT_SECURITY_POLICY`](crate::CONTENT_SECURITY_POLICY).
    pub fn render(&self) -> String {
        Template::render(self).expect("writing to a String cannot fail")
    }

    /// Only where something has to be put right: who looks around is not led into a form.
    fn start_in(&self) -> Option<String> {
        self.error.as_ref()?;
        let fields = self.form.iter().flat_map(|form| &form.fields);
        let inputs: Vec<_> = fields.map(|field| (Self::FORM, field)).collect();
        start_in(&inputs, self.error.as_ref())
    }
}

impl AccountPerson<'_> {
    /// How the page calls them.
    fn display_name(&self) -> &str {
        if self.name.trim().is_empty() { self.email } else { self.name }
    }

    /// Their address, where the name stands above it.
    fn second_line(&self) -> &str {
        if self.name.trim().is_empty() { "" } else { self.email }
    }

    /// The letter in place of a picture.
    fn initial(&self) -> String {
        self.display_name().trim().chars().take(1).flat_map(char::to_uppercase).collect()
    }
}
