//! (e): signing in by a link in a mail, from the request for it to the redirect with the session cookie.

use serde_json::json;

use crate::{
    Bench, Result,
    http::Answer,
    mailbox::Mailbox,
    report::Report,
    server::Server,
    sign_in::{Way, beside_auth_js},
};

const FROM: &str = "Acme <no-reply@acme.example>";

/// All hand their mails to the same mail server, over connections that they keep.
pub(crate) fn sign_in(bench: &Bench, report: &mut Report) -> Result {
    let mailbox = Mailbox::start()?;
    let server = mailbox.url();
    let provider = format!(
        "[[providers]]\nid = \"email\"\ntype = \"email\"\nserver = \"{server}\"\nfrom = \"{FROM}\"\n"
    );
    let keyward = Server::keyward_for_auth_js(&bench.programs, &provider)?;
    let ways = json!({ "mail": { "server": server, "from": FROM } });
    let auth_js = Server::auth_js(&bench.programs, ways.clone())?;
    let next_auth = Server::next_auth(&bench.programs, &ways)?;
    beside_auth_js(bench, report, "(e) e-mail link", &keyward, [&auth_js, &next_auth], &By(&mailbox))
}

struct By<'m>(&'m Mailbox);

impl Way for By<'_> {
    fn id(&self) -> &str {
        "email"
    }

    fn fields(&self, person: usize) -> Vec<(&'static str, String)> {
        vec![("email", address(person))]
    }

    fn elsewhere(&self, person: usize, _answer: &Answer) -> Result<String> {
        Ok(self.0.take(&address(person)).ok_or("no mail came")?)
    }

    fn refused(&self) -> String {
        self.0.refused()
    }
}

fn address(person: usize) -> String {
    format!("person-{person}@example.com")
}
