//! Events through the library, as an application that embeds Keyward receives them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use keyward::{AccountsSettings, Event, EventKind, Events, Keyward, NotTaken, serve};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};

use crate::support::Browser;

/// Passes on what it is told.
struct Told(mpsc::UnboundedSender<Event>);

#[async_trait]
impl Events for Told {
    async fn receive(&self, event: &Event) -> Result<(), NotTaken> {
        self.0.send(event.clone()).map_err(|error| NotTaken(error.to_string()))
    }
}

#[tokio::test]
async fn c6_an_application_is_told_what_it_asks_for_while_the_server_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("bound"));
    let (tell, mut told) = mpsc::unbounded_channel();
    let keyward = Keyward::builder(&origin, "Zr8mQ0v5X2Tn7YkLpW4sHc9bJd1fGa6e")
        .sqlite(folder.path().join("keyward.db"))
        .accounts(AccountsSettings::default())
        .events(Arc::new(Told(tell)))
        .event_kinds([EventKind::CreateUser, EventKind::SignOut])
        .build()
        .await
        .expect("it builds");
    let server = tokio::spawn(serve(
        listener,
        keyward.site(axum::Router::new()),
        keyward::ConnectionLimits::default(),
        std::future::pending::<()>(),
    ));

    let mut browser = Browser::at(origin);
    let fields = [("email", "ada@app.example"), ("password", "plum harbour velvet 42")];
    browser.post("/api/auth/callback/signup", &fields).await;
    browser.post("/api/auth/signout", &[]).await;
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let event = timeout(Duration::from_secs(10), told.recv()).await.expect("in time").expect("an event");
        kinds.push(event.kind());
        if event.kind() == Some(EventKind::CreateUser) {
            assert_eq!(event.data()["user"]["email"], "ada@app.example");
        }
    }
    assert!(kinds.contains(&Some(EventKind::CreateUser)) && kinds.contains(&Some(EventKind::SignOut)));
    keyward.close().await;
    server.abort();
    assert!(told.try_recv().is_err(), "nothing else, and nothing twice");
}
