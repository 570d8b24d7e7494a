//! A service that knows its caller: `cargo run -p keyward-verify --example verify -- ISSUER AUDIENCE PORT`.
use axum::{Router, routing::get};
use keyward_verify::{Caller, Refusal, RequireToken, Verifier};

async fn me(caller: Caller) -> String {
    caller.subject().to_owned()
}

async fn orders(caller: Caller) -> Result<String, Refusal> {
    caller.require_scope("orders:read")?;
    Ok(format!("the orders of {}", caller.subject()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(issuer), Some(audience), Some(port)) = (words.next(), words.next(), words.next()) else {
        return Err("usage: verify ISSUER AUDIENCE PORT".into());
    };
    let verifier = Verifier::new(&issuer, &audience)?;
    let guard = RequireToken::new(&verifier).scope("reports:read");
    let reports = Router::new().route("/reports", get(me)).route_layer(guard);
    let app =
        Router::new().route("/", get(me)).route("/orders", get(orders)).merge(reports).with_state(verifier);
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    Ok(axum::serve(listener, app).await?)
}
