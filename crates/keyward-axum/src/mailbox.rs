//! Development's mailbox at `{base}/-/mailbox`.

use axum::{body::Body, extract::State, response::Response};
use http::{Method, Request};
use keyward_pages::{Frame, MailboxPage, ShownMail};

use crate::{
    context::Context,
    edge::Auth,
    log,
    refuse::{EdgeRefusal, refuse},
};

/// Shows what was not sent. Nothing is here in production, nor for anybody but the developer on the same machine:
/// whoever reads it could sign in as everybody.
pub(crate) async fn mailbox(State(auth): State<Auth>, request: Request<Body>) -> Response {
    log::line(&auth, request, async |request| page(&auth, request)).await
}

fn page(auth: &Auth, request: Request<Body>) -> Response {
    let edge = auth.edge();
    let (parts, _) = request.into_parts();
    let context = Context::of(edge, &parts);
    let Some(mailbox) =
        edge.settings.mailbox.as_ref().filter(|_| context.client.to_canonical().is_loopback())
    else {
        return refuse(edge, &context, EdgeRefusal::NotFound);
    };
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return refuse(edge, &context, EdgeRefusal::MethodNotAllowed);
    }
    let kept = mailbox.mails();
    let times: Vec<String> = kept.iter().map(|kept| kept.at.http_date()).collect();
    let mails = kept.iter().zip(&times).map(|(kept, at)| {
        let mail = &kept.mail;
        ShownMail { to: &mail.to, subject: &mail.subject, at, text: &mail.text }
    });
    let frame = Frame {
        theme: &edge.settings.theme,
        base: context.public.base_path(),
        request_id: context.id.as_str(),
    };
    auth.page(MailboxPage { frame, mails: mails.collect() }.render())
}
