//! Keyward's own accounts through the library, over a socket and a database file.

use std::{path::Path, time::Duration};

use keyward::{
    AccountsSettings, Code, ConnectionLimits, HasherSettings, Keyward, LimitSettings, Rate, SessionSettings,
    Strategy, serve,
};
use reqwest::StatusCode;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::support::Browser;

const SECRET: &str = "Zr8mQ0v5X2Tn7YkLpW4sHc9bJd1fGa6e";
const EMAIL: (&str, &str) = ("email", "ada@app.example");
const PASSWORD: (&str, &str) = ("password", "plum harbour velvet 42");
const SIGN_IN: &str = "/api/auth/callback/credentials";
const SIGN_UP: &str = "/api/auth/callback/signup";

struct Server {
    keyward: Keyward,
    origin: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<bool>,
}

impl Server {
    async fn start(
        database: &Path,
        session: Strategy,
        limits: LimitSettings,
        hasher: HasherSettings,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("bound"));
        let keyward = Keyward::builder(&origin, SECRET)
            .sqlite(database)
            .accounts(AccountsSettings::default())
            .session(SessionSettings { strategy: session, ..SessionSettings::default() })
            .limits(limits)
            .hasher(hasher)
            .build()
            .await
            .expect("right settings");
        let (stop, stopped) = oneshot::channel();
        let routes = keyward.routes();
        let task = tokio::spawn(serve(listener, routes, ConnectionLimits::default(), async {
            let _ = stopped.await;
        }));
        Self { keyward, origin, stop, task }
    }

    async fn with(database: &Path, session: Strategy) -> Self {
        Self::start(database, session, LimitSettings::NONE, HasherSettings::default()).await
    }

    async fn stop(self) {
        self.stop.send(()).expect("it runs");
        self.task.await.expect("it ends well");
        self.keyward.close().await;
    }
}

#[tokio::test]
async fn f1_a_person_signs_up_signs_out_and_signs_in_again() {
    for strategy in [Strategy::Sealed, Strategy::Stored] {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::with(&folder.path().join("keyward.db"), strategy).await;
        let mut browser = Browser::at(server.origin.clone());

        let up = browser.post(SIGN_UP, &[("name", "Ada"), EMAIL, PASSWORD]).await;
        assert_eq!(up.status, StatusCode::OK, "{up:?}");
        let user = serde_json::json!({"name": "Ada", "email": "ada@app.example"});
        assert_eq!(browser.session().await["user"], user);
        browser.post("/api/auth/signout", &[]).await;
        assert_eq!(browser.session().await, serde_json::json!({}));

        let wrong = browser.post(SIGN_IN, &[EMAIL, ("password", "plum harbour velvet 43")]).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        let nobody = browser.post(SIGN_IN, &[("email", "eve@app.example"), PASSWORD]).await;
        assert_eq!((nobody.status, nobody.text), (wrong.status, wrong.text), "they can't be told apart");
        assert_eq!(browser.post(SIGN_IN, &[EMAIL, PASSWORD]).await.status, StatusCode::OK);
        assert_eq!(browser.session().await["user"], user);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_session_outlives_a_restart_and_an_ended_one_does_not() {
    for strategy in [Strategy::Sealed, Strategy::Stored] {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("keyward.db");
        let server = Server::with(&database, strategy).await;
        let (mut stays, mut leaves) =
            (Browser::at(server.origin.clone()), Browser::at(server.origin.clone()));
        stays.post(SIGN_UP, &[EMAIL, PASSWORD]).await;
        leaves.post(SIGN_IN, &[EMAIL, PASSWORD]).await;
        let old = leaves.cookies.clone();
        leaves.post("/api/auth/signout", &[]).await;
        server.stop().await;

        let server = Server::with(&database, strategy).await;
        stays.origin.clone_from(&server.origin);
        leaves.origin.clone_from(&server.origin);
        leaves.cookies = old;
        assert_eq!(stays.session().await["user"]["email"], "ada@app.example");
        assert_eq!(leaves.session().await, serde_json::json!({}));
        server.stop().await;
    }
}

#[tokio::test]
async fn c3_an_ending_in_one_process_is_known_to_the_others_within_a_second() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("keyward.db");
    let (one, other) =
        (Server::with(&database, Strategy::Sealed).await, Server::with(&database, Strategy::Sealed).await);
    let mut browser = Browser::at(one.origin.clone());
    browser.post(SIGN_UP, &[EMAIL, PASSWORD]).await;
    let old = browser.cookies.clone();
    browser.post("/api/auth/signout", &[]).await;

    let mut elsewhere = Browser::at(other.origin.clone());
    tokio::time::sleep(Duration::from_millis(1500)).await;
    elsewhere.cookies = old;
    assert_eq!(elsewhere.session().await, serde_json::json!({}));
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn who_tries_too_often_waits_and_so_does_who_comes_when_the_queue_is_full() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits =
        LimitSettings { sign_in_per_account: Rate::new(2, Duration::from_secs(60)), ..LimitSettings::NONE };
    let server =
        Server::start(&folder.path().join("a.db"), Strategy::Sealed, limits, HasherSettings::default()).await;
    let mut browser = Browser::at(server.origin.clone());
    for _ in 0..2 {
        assert_eq!(browser.post(SIGN_IN, &[EMAIL, PASSWORD]).await.status, StatusCode::UNAUTHORIZED);
    }
    let refused = browser.post(SIGN_IN, &[EMAIL, PASSWORD]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.text.contains(Code::RateLimited.as_str()), "{refused:?}");
    server.stop().await;

    let narrow = HasherSettings { workers: 1, queue: 0, patience: Duration::from_secs(1) };
    let server =
        Server::start(&folder.path().join("b.db"), Strategy::Sealed, LimitSettings::NONE, narrow).await;
    let all: Vec<_> = (0..12)
        .map(|_| {
            let mut browser = Browser::at(server.origin.clone());
            tokio::spawn(async move { browser.post(SIGN_IN, &[EMAIL, PASSWORD]).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for one in all {
        statuses.push(one.await.expect("an answer"));
    }
    assert!(statuses.contains(&StatusCode::UNAUTHORIZED), "some are served: {statuses:?}");
    assert!(statuses.contains(&StatusCode::SERVICE_UNAVAILABLE), "the others are told: {statuses:?}");
    assert!(statuses.iter().all(|s| matches!(s.as_u16(), 401 | 503)), "{statuses:?}");
    server.stop().await;
}
