//! A back end on loopback that signs everybody in and hands out tokens that live for hours.

use std::{
    net::{Ipv4Addr, TcpListener},
    thread,
};

use axum::{Json, Router, http::StatusCode, routing::post};
use serde_json::{Value, json};

use crate::Result;

/// A running back end; it ends with the process.
pub(crate) struct BackEnd {
    url: String,
}

impl BackEnd {
    /// Listens on a free loopback port, in a thread of its own beside the load.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = Router::new().route("/login", post(login));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        thread::spawn(move || drop(runtime.block_on(async { axum::serve(listener, router).await })));
        Ok(Self { url })
    }

    /// The provider `login`, as Keyward's configuration has it, and the token of it that the session shows. With `refresh`
    /// Keyward keeps its tokens; nothing is due while the benchmark runs, and the address would answer 404.
    pub(crate) fn tables(&self, refresh: bool) -> String {
        let url = &self.url;
        let (show, refresh) = if refresh {
            let show = "[session.show]\naccessToken = \"accessToken\"\n";
            (show, format!("refresh = {{ endpoint = \"{url}/refresh\" }}\n"))
        } else {
            ("", String::new())
        };
        format!(
            "{show}[[providers]]\nid = \"login\"\ntype = \"backend\"\nendpoint = \"{url}/login\"\n\
             user = \"user\"\n{refresh}"
        )
    }
}

/// As long as the tokens of usual back ends.
pub(crate) fn access_token(email: &str) -> String {
    format!("{email:*<400}")
}

async fn login(Json(form): Json<Value>) -> (StatusCode, Json<Value>) {
    let Some(email) = form["email"].as_str() else { return (StatusCode::BAD_REQUEST, Json(json!({}))) };
    let expires = jiff::Timestamp::now().as_millisecond() + 4 * 60 * 60 * 1000;
    let answer = json!({
        "user": { "id": email, "name": "Ada", "email": email },
        "accessToken": access_token(email), "refreshToken": format!("{email:-<43}"), "accessTokenExpires": expires,
    });
    (StatusCode::OK, Json(answer))
}
