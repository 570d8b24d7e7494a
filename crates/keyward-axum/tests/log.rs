//! The log: one line a request, and nothing in it that is nobody's business.
//!
//! A program of one test: `tracing` remembers for all threads what the first of them wants to hear.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tracing_subscriber::fmt::MakeWriter;

#[path = "edge/support.rs"]
#[expect(dead_code, reason = "this program uses a part of it")]
mod support;

use support::{FORM, JSON, World, request};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8(bytes).expect("text")
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_request_is_one_line_with_its_id_and_without_its_secrets() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .finish();
    let _installed = tracing::subscriber::set_default(subscriber);
    let world = World::new();

    let headers = [
        ("cookie", "a=MARKED; __Secure-next-auth.session-token=MARKED"),
        ("authorization", "Bearer MARKED"),
        FORM,
    ];
    let refused =
        world.post("/api/auth/callback/login?x=MARKED", &headers, "password=MARKED&csrfToken=MARKED").await;
    let line = lines.take();
    assert_eq!(line.matches("keyward::request").count(), 1, "{line}");
    for needed in ["method=\"POST\"", "path=\"/api/auth/callback/login\"", "status=302", "micros="] {
        assert!(line.contains(needed), "{needed}: {line}");
    }
    assert!(line.contains(&format!("id=\"{}\"", refused.header("x-request-id").expect("an id"))), "{line}");
    assert!(!line.contains("MARKED"), "{line}");

    world.post("/api/auth/callback/login", &[("cookie", "MARKED"), JSON], "{MARKED").await;
    let line = lines.take();
    assert!(line.contains("code=\"bad_request\"") && !line.contains("MARKED"), "{line}");

    for header in ["x-forwarded-for", "x-forwarded-host"] {
        world.send(request("GET", "/api/auth/csrf", &[(header, "MARKED")], "")).await;
    }
    let line = lines.take();
    assert_eq!(line.matches("is not in trusted_proxies").count(), 1, "{line}");
    assert!(
        line.contains("WARN") && line.contains("trusted_proxies = [\"192.0.2.") && !line.contains("MARKED"),
        "{line}"
    );

    world.send(request("GET", "/healthz", &[], "")).await;
    assert!(lines.take().contains("DEBUG"), "probes do not fill the log");
}
