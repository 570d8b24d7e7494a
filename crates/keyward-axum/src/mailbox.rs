//! Development's mailbox at `{base}/-/mailbox`, and the HTML part of each mail below it.

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, Request, header};
use keyward_core::mail::Kept;
use keyward_pages::{Frame, MailboxPage, ShownMail};

use crate::{
    client_address,
    context::Context,
    edge::Auth,
    encode::NO_STORE,
    log,
    refuse::{EdgeRefusal, refuse},
    table::MAILBOX,
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
    let own = client_address::is_from_this_machine(edge, context.client, &parts.headers);
    let Some(mailbox) = edge.settings.mailbox.as_ref().filter(|_| own) else {
        return refuse(edge, &context, EdgeRefusal::NotFound);
    };
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return refuse(edge, &context, EdgeRefusal::MethodNotAllowed);
    }
    let kept = mailbox.mails();
    let last = parts.uri.path().rsplit('/').next().unwrap_or_default();
    if last != "mailbox" {
        return match kept.iter().find(|kept| last.parse() == Ok(kept.number)) {
            Some(kept) => html_part(kept),
            None => refuse(edge, &context, EdgeRefusal::NotFound),
        };
    }
    let times: Vec<String> = kept.iter().map(|kept| kept.at.http_date()).collect();
    let places: Vec<String> =
        kept.iter().map(|kept| context.public.route(&format!("{MAILBOX}/{}", kept.number))).collect();
    let mails = kept.iter().zip(&times).zip(&places).map(|((kept, at), html_url)| {
        let mail = &kept.mail;
        ShownMail { to: &mail.to, subject: &mail.subject, at, text: &mail.text, html_url }
    });
    let frame = Frame {
        theme: &edge.settings.theme,
        base: context.public.base_path(),
        request_id: context.id.as_str(),
    };
    auth.page(MailboxPage { frame, mails: mails.collect() }.render())
}

/// The HTML part as a mail program shows it: with its styles, without scripts, and in no way a page of ours.
fn html_part(kept: &Kept) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'; \
                          frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox \
                          allow-top-navigation-by-user-activation";
    let header = |name: HeaderName, value| (name, HeaderValue::from_static(value));
    let headers = [
        header(header::CONTENT_TYPE, "text/html; charset=utf-8"),
        header(header::CONTENT_SECURITY_POLICY, POLICY),
        header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        header(header::CACHE_CONTROL, NO_STORE),
    ];
    (headers, kept.mail.html.clone()).into_response()
}
