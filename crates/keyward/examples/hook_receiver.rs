//! A receiver of Keyward's hooks: `HOOK_SECRET=whsec_… cargo run -p keyward --example hook_receiver -- [PORT]`.
use std::{error::Error, io::Write, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    routing::post,
};
use http::{HeaderMap, StatusCode};
use keyward::{Clock, Secret, SystemClock, WebhookKey, webhook};
use serde_json::{Value, json};

const LARGEST: usize = 1024 * 1024; // bytes

type Answer = (StatusCode, Json<Value>);

/// What each hook answers: your rules.
fn answer(kind: &str, data: &Value) -> Option<Value> {
    let email = data["user"]["email"].as_str().unwrap_or_default();
    let is_ada = data["profile"]["login"] == "ada";
    Some(match kind {
        "sign_in" => json!({ "allow": email.ends_with("@example.com") }),
        "profile_exchange" => {
            json!({ "allow": true, "user": { "role": if is_ada { "admin" } else { "member" } } })
        }
        "jwt" => json!({ "token": { "seenByHook": data["token"]["sub"] } }),
        "session" => json!({ "session": { "role": data["token"]["role"] } }),
        "redirect" => json!({ "url": data["url"] }),
        _ => return None,
    })
}

async fn receive(State(keys): State<Arc<[WebhookKey]>>, headers: HeaderMap, body: Bytes) -> Answer {
    let refused = |status, why: &str| (status, Json(json!({ "message": why })));
    let header = |name: &str| headers.get(name)?.to_str().ok();
    if !webhook::verify(&keys, header, &body, SystemClock.now()) {
        return refused(StatusCode::UNAUTHORIZED, "The signature does not match.");
    }
    let Ok(question) = serde_json::from_slice::<Value>(&body) else {
        return refused(StatusCode::BAD_REQUEST, "That is no JSON.");
    };
    let kind = question["type"].as_str().unwrap_or_default();
    // What has happened (`hooks.events`). It may come twice: who must not do a thing twice keeps the webhook-id.
    if ["signIn", "signOut", "createUser", "updateUser", "linkAccount"].contains(&kind) {
        let user = &question["data"]["user"]["id"];
        writeln!(std::io::stdout(), "{} {kind} {user}", header("webhook-id").unwrap_or_default()).ok();
        return (StatusCode::OK, Json(json!({})));
    }
    match answer(kind, &question["data"]) {
        Some(answer) => (StatusCode::OK, Json(answer)),
        None => refused(StatusCode::NOT_FOUND, "There is no such hook."),
    }
}

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "a program of its own reads its own environment")]
async fn main() -> Result<(), Box<dyn Error>> {
    let key = WebhookKey::parse(&Secret::from(std::env::var("HOOK_SECRET")?)).ok_or("HOOK_SECRET is none")?;
    let port = std::env::args().nth(1).unwrap_or("4500".to_owned());
    let receiver = Router::new().route("/", post(receive));
    let receiver = receiver.layer(DefaultBodyLimit::max(LARGEST)).with_state(Arc::from([key]));
    axum::serve(tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?, receiver).await?;
    Ok(())
}
