//! A service that answers with its caller: `cargo run -p keyward-verify --example verify -- ISSUER AUDIENCE PORT`.
use axum::{Router, routing::get};
use keyward_verify::{Caller, Verifier};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(issuer), Some(audience), Some(port)) = (words.next(), words.next(), words.next()) else {
        return Err("usage: verify ISSUER AUDIENCE PORT".into());
    };
    let me = async |caller: Caller| caller.subject().to_owned();
    let app = Router::new().route("/", get(me)).with_state(Verifier::new(&issuer, &audience)?);
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    Ok(axum::serve(listener, app).await?)
}
