//! The stream of events that wakes open tabs, and what it takes of a process.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use keyward_axum::{EdgeSettings, Limits};
use keyward_core::{port::UserChange, settings::Strategy, user::UserId};
use serde_json::json;
use tokio::time::timeout;
use tower::ServiceExt;

use crate::support::{Answer, World, request};

const EVENTS: &str = "/api/auth/-/v1/sessions/events";
const CALLER: &str = "user-Ada";

/// An open stream, read as it comes.
struct Stream(Body);

impl Stream {
    async fn open(world: &World, cookie: &str) -> Result<Self, StatusCode> {
        let request = request("GET", EVENTS, &[(header::COOKIE.as_str(), cookie)], "");
        let response = send(world, request).await;
        if response.status() != StatusCode::OK {
            return Err(response.status());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(response.headers()["cache-control"].to_str().is_ok_and(|rule| rule.contains("no-store")));
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Ok(Self(response.into_body()))
    }

    /// What comes within a moment; `None` if nothing does.
    async fn next(&mut self) -> Option<String> {
        let frame = timeout(Duration::from_millis(300), self.0.frame()).await.ok()?;
        let data = frame.map(|frame| frame.expect("infallible").into_data().expect("data"));
        Some(data.map(|data| String::from_utf8(data.to_vec()).expect("text")).unwrap_or_default())
    }
}

async fn send(world: &World, request: Request<Body>) -> http::Response<Body> {
    let peer =
        axum::extract::connect_info::MockConnectInfo(std::net::SocketAddr::from(([192, 0, 2, 1], 4711)));
    world.router().layer(peer).oneshot(request).await.expect("infallible")
}

async fn change(world: &World, role: &str) {
    let claims = json!({ "role": role }).as_object().cloned().expect("an object");
    let change = UserChange { claims, ..UserChange::default() };
    world.auth.engine().people().change(&UserId(CALLER.to_owned()), &change, &[]).await.expect("changed");
}

#[tokio::test]
async fn demand_4_a_tab_is_woken_when_its_session_is_changed_and_when_it_is_ended() {
    for strategy in [Strategy::Sealed, Strategy::Stored] {
        let world = World::with(EdgeSettings::default(), strategy);
        let cookie = world.sign_in().await;
        let mut tab = Stream::open(&world, &cookie).await.expect("signed in");
        let first = tab.next().await.expect("at once");
        assert!(first.starts_with("retry: ") && first.contains("event: session\n"), "{first}");
        assert_eq!(tab.next().await, None, "{strategy:?}: nothing happened");
        change(&world, "editor").await;
        assert_eq!(tab.next().await.as_deref(), Some("event: session\ndata: changed\n\n"), "{strategy:?}");
        let people = world.auth.engine().people();
        let session = people.sessions(&UserId(CALLER.to_owned())).await.expect("a store")[0].id.clone();
        people
            .end_sessions(&UserId(CALLER.to_owned()), &keyward_core::port::Which::One(session), &[])
            .await
            .expect("ended");
        assert_eq!(tab.next().await.as_deref(), Some("event: session\ndata: changed\n\n"), "{strategy:?}");
        let again = Stream::open(&world, &cookie).await;
        assert_eq!(again.err(), Some(StatusCode::UNAUTHORIZED), "{strategy:?}: it is over");
    }
}

#[tokio::test]
async fn streams_end_when_the_process_drains_and_none_is_begun_that_lasts() {
    let world = World::new();
    let cookie = world.sign_in().await;
    let mut tab = Stream::open(&world, &cookie).await.expect("signed in");
    tab.next().await.expect("at once");
    world.auth.drain();
    assert_eq!(tab.next().await.as_deref(), Some(""), "the end");
    let mut late = Stream::open(&world, &cookie).await.expect("signed in");
    assert!(late.next().await.expect("at once").contains("retry: "));
    assert_eq!(late.next().await.as_deref(), Some(""), "the browser comes back elsewhere");
}

#[tokio::test]
async fn streams_are_bounded_and_a_closed_one_gives_its_place_back() {
    let limits = Limits { streams: 3, ..Limits::default() };
    let world = World::with(EdgeSettings { limits, ..EdgeSettings::default() }, Strategy::Sealed);
    let cookie = world.sign_in().await;
    let mut tabs = Vec::new();
    for _ in 0..3 {
        tabs.push(Stream::open(&world, &cookie).await.expect("a place"));
    }
    assert_eq!(Stream::open(&world, &cookie).await.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
    tabs.pop();
    assert!(Stream::open(&world, &cookie).await.is_ok());
}

#[tokio::test]
async fn nobody_listens_to_a_session_without_being_signed_in_or_by_another_method() {
    let world = World::new();
    world.get(EVENTS).await.is_refused(401, "SessionRequired");
    let cookie = world.sign_in().await;
    let with = [(header::COOKIE.as_str(), &*cookie)];
    let posted: Answer = world.send(request("POST", EVENTS, &with, "")).await;
    posted.is_refused(405, "method_not_allowed");
    let head = world.send(request("HEAD", EVENTS, &with, "")).await;
    assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""));
}
