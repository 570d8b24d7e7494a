//! `/` in development: who is signed in, and the next step.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRef, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use keyward::{Auth, Keyward, Session, Theme};
use keyward_core::address::PublicUrl;
use keyward_pages::{CONTENT_SECURITY_POLICY, Frame, Snippet, StartPage, StartUser};

use crate::config::{Deployment, accounts};

/// The page's route.
pub(crate) fn router(keyward: &Keyward, deployment: &Deployment, theme: Theme) -> Router {
    let public = PublicUrl::new(&deployment.public_url.value, &deployment.base_path.value);
    let base =
        public.map_or_else(|_| deployment.base_path.value.clone(), |public| public.base_path().to_owned());
    let accounts = accounts(deployment);
    let page = Page {
        auth: keyward.auth(),
        keeps_accounts: accounts.is_some() || !deployment.redirects.is_empty(),
        signs_up: accounts.is_some_and(|accounts| accounts.sign_up),
        rules: rules(&base, deployment.listen.value.port()),
        theme,
        base,
    };
    Router::new().route("/", get(show)).with_state(Start(Arc::new(page)))
}

struct Page {
    auth: Auth,
    theme: Theme,
    base: String,
    signs_up: bool,
    keeps_accounts: bool,
    rules: [(&'static str, &'static str, String); 3],
}

/// The page as its handler's state.
#[derive(Clone)]
struct Start(Arc<Page>);

impl FromRef<Start> for Auth {
    fn from_ref(start: &Start) -> Self {
        start.0.auth.clone()
    }
}

async fn show(State(Start(page)): State<Start>, session: Option<Session>) -> Response {
    let base = &page.base;
    let body = session.as_ref().map(Session::body);
    let text = |path: &str| session.as_ref()?.get(path)?.as_str();
    let user = body.map(|_| StartUser {
        name: text("user.name"),
        email: text("user.email"),
        image: text("user.image"),
    });
    let html = StartPage {
        frame: Frame { theme: &page.theme, base, request_id: "" },
        user,
        sign_in_url: &format!("{base}/signin?callbackUrl=%2F"),
        sign_up_url: page.signs_up.then(|| format!("{base}/-/signup?callbackUrl=%2F")),
        account_url: page.keeps_accounts.then(|| format!("{base}/-/account")),
        sign_out_url: &format!("{base}/signout?callbackUrl=%2F"),
        session_json: body.and_then(|body| serde_json::to_string_pretty(body).ok()),
        snippets: page.rules.iter().map(|(title, file, code)| Snippet { title, file, code }).collect(),
    }
    .render();
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "private, no-store"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    (headers, html).into_response()
}

/// One proxy rule for each of the usual front ends.
fn rules(base: &str, port: u16) -> [(&'static str, &'static str, String); 3] {
    let target = format!("http://localhost:{port}");
    let next = format!(
        "export default {{\n  rewrites: async () => [\n    {{\n      source: \"{base}/:path*\",\n      \
         destination: \"{target}{base}/:path*\",\n    }},\n  ],\n}};"
    );
    let vite = format!(
        "export default {{\n  server: {{\n    proxy: {{\n      \"{base}\": {{ target: \"{target}\", xfwd: true }},\n    \
         }},\n  }},\n}};"
    );
    let nginx = format!(
        "location {base}/ {{\n    proxy_pass {target};\n    proxy_set_header Host $http_host;\n    \
         proxy_set_header X-Forwarded-Host $http_host;\n    proxy_set_header X-Forwarded-Proto $scheme;\n    \
         proxy_set_header X-Forwarded-For $remote_addr;\n    proxy_buffer_size 16k;\n    proxy_buffers 4 16k;\n}}"
    );
    [("Next.js", "next.config.mjs", next), ("Vite", "vite.config.js", vite), ("nginx", "nginx.conf", nginx)]
}
