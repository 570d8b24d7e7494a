//! The example of the documentation, started and used.

use std::{
    env,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::StatusCode;

use crate::support::Browser;

/// The example, running; ended with the test.
struct Example(Child);

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(address: &str, folder: &std::path::Path) -> Example {
    // Beside this test's own binary, where Cargo puts the examples that it builds with the tests.
    let mut program = env::current_exe().expect("this test");
    program.pop();
    program.pop();
    program.push("examples/embed");
    let child = Command::new(&program)
        .arg(address)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    Example(child.expect("the example: `cargo build -p keyward --example embed` makes it"))
}

async fn is_ready(origin: &str) -> bool {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for _ in 0..400 {
        match client.get(format!("{origin}/readyz")).send().await {
            Ok(answer) if answer.status().is_success() => return true,
            _ => tokio::time::sleep(Duration::from_millis(25)).await,
        }
    }
    false
}

#[tokio::test]
async fn c4_the_example_signs_in_by_its_own_check_guards_its_route_and_shows_its_own_session_field() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let address = format!("127.0.0.1:{port}");
    let origin = format!("http://{address}");
    let folder = tempfile::tempdir().expect("a folder");
    let _example = start(&address, folder.path());
    assert!(is_ready(&origin).await, "within ten seconds");
    let mut browser = Browser::at(origin.clone());

    assert_eq!(browser.get("/", "*/*").await.text, "Sign in at /api/auth/signin");
    assert_eq!(browser.get("/desk", "*/*").await.status, StatusCode::UNAUTHORIZED);
    let sent = browser.get("/desk", "text/html").await;
    assert_eq!(sent.status, StatusCode::FOUND);
    let back = format!("callbackUrl=http%3A%2F%2F127.0.0.1%3A{port}%2Fdesk");
    let location = sent.location.expect("somewhere");
    assert!(
        location.starts_with(&format!("{origin}/api/auth/signin?")) && location.ends_with(&back),
        "{location}"
    );
    assert!(browser.get("/api/auth/signin", "text/html").await.text.contains("PIN"));

    let wrong = browser.post("/api/auth/callback/staff", &[("user", "ada"), ("pin", "1816")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "{wrong:?}");
    assert_eq!(browser.session().await, serde_json::json!({}));

    let right = browser.post("/api/auth/callback/staff", &[("user", "ada"), ("pin", "1815")]).await;
    assert_eq!(right.status, StatusCode::OK, "{right:?}");
    assert_eq!(browser.get("/", "*/*").await.text, "Hello, Ada!");
    assert_eq!(browser.get("/desk", "*/*").await.text, "42");
    let session = browser.session().await;
    assert_eq!(session["user"], serde_json::json!({"name": "Ada"}));
    assert_eq!(session["desk"], 42);

    let kept = browser.cookies.clone();
    browser.post("/api/auth/signout", &[]).await;
    browser.cookies = kept;
    assert_eq!(
        browser.get("/desk", "*/*").await.status,
        StatusCode::UNAUTHORIZED,
        "an ended session stays so"
    );
}
