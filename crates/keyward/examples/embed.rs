//! An application with Keyward inside: `cargo run -p keyward --example embed`, then http://localhost:3000.
use std::{error::Error, future::pending, sync::Arc};

use axum::{Router, routing::get};
use keyward::{Claims, Code, CredentialsCheck, Keyward, Person, Proof, Refusal, Session, SessionFields};
use keyward::{Submitted, async_trait, field, provider};

struct Staff; // A credentials check of one's own.
#[async_trait]
impl CredentialsCheck for Staff {
    async fn check(&self, submitted: &Submitted) -> Result<Proof, Refusal> {
        match (submitted.text("user"), submitted.text("pin")) {
            (Some("ada"), Some("1815")) => Ok(Person::of("staff", "7").name("Ada").keep("desk", 42).into()),
            _ => Err(Refusal::new(Code::CredentialsSignin)),
        }
    }
}
struct Desk; // A session field of one's own.
impl SessionFields for Desk {
    fn add(&self, claims: &Claims, session: &mut serde_json::Map<String, serde_json::Value>) {
        session.extend(claims.get("desk").map(|desk| ("desk".to_owned(), desk.clone())));
    }
}
async fn home(me: Option<Session>) -> String {
    me.map_or("Sign in at /api/auth/signin".into(), |me| format!("Hello, {}!", me.name().unwrap_or("you")))
}
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or("localhost:3000".to_owned());
    let fields = [field("user", "User", "text"), field("pin", "PIN", "password")];
    let builder = Keyward::builder(&format!("http://{address}"), "for development").development(true);
    let builder = builder.provider(provider("staff", "Staff", fields, Staff)).session_fields(Arc::new(Desk));
    let keyward = builder.sqlite("embed.db").build().await?;
    let desk = async |session: Session| session.get("desk").map(ToString::to_string).unwrap_or_default();
    let guarded = Router::new().route("/desk", get(desk)).route_layer(keyward.require_session());
    let app = guarded.route("/", get(home)).with_state(keyward.clone()).merge(keyward.routes());
    let listener = tokio::net::TcpListener::bind(address).await?;
    keyward::serve(listener, app, Default::default(), pending()).await;
    Ok(())
}
