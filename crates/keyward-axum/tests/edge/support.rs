//! A whole Keyward at its edge: the real engine over a store in memory, called without a socket.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{FromRef, connect_info::MockConnectInfo},
};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use keyward_axum::{Auth, EdgeSettings, routes};
use keyward_core::{
    address::PublicUrl,
    dialect::Dialect,
    engine::{Engine, Ports},
    error::{Code, Refusal},
    method::{
        CredentialsCheck, Proof, Submitted, passkey::PasskeySettings, password::Strength,
        redirect::RedirectSignIn,
    },
    secret::Secret,
    settings::{
        AccountMails, Field, Passwords, Provider, RecoverySettings, RedirectKind, RedirectProvider,
        SessionSettings, Settings, SignOutScope, Strategy, Verification,
    },
    tokens::{Audience, TokenSettings},
    user::{AccountKey, Admission, Profile, UserId},
};
use keyward_testkit::{CountingHasher, FakeClock, FaultyStore, MemoryStore, NoLimits, Outbox, SeededRandom};
use tower::ServiceExt;

pub(crate) const ORIGIN: &str = "https://app.test";
pub(crate) const BASE: &str = "https://app.test/api/auth";

/// A deployment under test.
pub(crate) struct World {
    pub(crate) auth: Auth,
    pub(crate) store: Arc<FaultyStore<MemoryStore>>,
    pub(crate) clock: Arc<FakeClock>,
    peer: SocketAddr,
    router: Router,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(EdgeSettings::default(), Strategy::Sealed)
    }

    pub(crate) fn with(edge: EdgeSettings, strategy: Strategy) -> Self {
        Self::speaking(Dialect::NextAuth4, edge, strategy)
    }

    /// With a provider at another site, `away`, that answers by post.
    pub(crate) fn with_provider(dialect: Dialect, away: Arc<dyn RedirectSignIn>) -> Self {
        let mut settings = settings(dialect, Strategy::Sealed);
        settings.redirects.push(RedirectProvider {
            id: "away".to_owned(),
            name: "Away".to_owned(),
            kind: RedirectKind::Oidc,
            way: away,
            on_sign_in_page: true,
            answers_by_post: true,
            sign_out: SignOutScope::Local,
            allow_dangerous_email_account_linking: false,
            keep: Vec::new(),
            brand: None,
        });
        Self::of(settings, EdgeSettings::default())
    }

    pub(crate) fn speaking(dialect: Dialect, edge: EdgeSettings, strategy: Strategy) -> Self {
        Self::of(settings(dialect, strategy), edge)
    }

    fn of(settings: Settings, edge: EdgeSettings) -> Self {
        let store = Arc::new(FaultyStore::new(MemoryStore::default()));
        let clock = Arc::new(FakeClock::default());
        let ports = Ports {
            store: store.clone(),
            limiter: Arc::new(NoLimits),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::default()),
            session_fields: None,
            rules: Vec::new(),
        };
        let auth = Auth::new(Arc::new(Engine::new(settings, ports)), edge);
        Self { router: routes(&auth), auth, store, clock, peer: SocketAddr::from(([192, 0, 2, 1], 4711)) }
    }

    pub(crate) fn reached_by(mut self, peer: [u8; 4]) -> Self {
        self.peer = SocketAddr::from((peer, 4711));
        self
    }

    /// Adds an application's own routes.
    pub(crate) fn plus(mut self, application: Router<App>) -> Self {
        let state = App { auth: self.auth.clone() };
        self.router = self.router.merge(application.with_state(state));
        self
    }

    /// The router as it is served.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let router = self.router.clone().layer(MockConnectInfo(self.peer));
        let response = router.oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes: Bytes = body.collect().await.expect("a body in memory").to_bytes();
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path, &[], "")).await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send(request("POST", path, headers, body)).await
    }

    /// Signs in as a script does and gives the `Cookie` header of the session.
    pub(crate) async fn sign_in(&self) -> String {
        let csrf = self.get("/api/auth/csrf").await;
        let token = csrf.json()["csrfToken"].as_str().expect("a token").to_owned();
        let body = format!("name=Ada&password=right&csrfToken={token}&json=true");
        let cookies = csrf.cookies();
        let headers = [(header::COOKIE.as_str(), &*cookies), FORM];
        let answer = self.post("/api/auth/callback/login", &headers, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.cookies()
    }
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).expect("a JSON body")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII"))
    }

    /// The cookies that it sets, as a browser sends them back.
    pub(crate) fn cookies(&self) -> String {
        let set = self.headers.get_all(header::SET_COOKIE).iter();
        let pairs = set.filter_map(|cookie| cookie.to_str().expect("ASCII").split(';').next());
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// True if it sets a session cookie that is not empty.
    pub(crate) fn opens_a_session(&self) -> bool {
        let of_session = |pair: &str| pair.contains("session-token") && !pair.ends_with('=');
        self.cookies().split("; ").any(of_session)
    }

    /// Holds it to invariant 6: a refusal by the edge, with this code and an absolute address.
    #[track_caller]
    pub(crate) fn is_refused(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        let json = self.json();
        assert_eq!(json["error"], code);
        assert_eq!(json["url"], format!("{BASE}/error?error={code}"));
        assert!(!self.opens_a_session());
        assert!(self.header("cache-control").is_some_and(|cache| cache.contains("no-store")));
    }
}

pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
pub(crate) const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).expect("a request")
}

/// The state of an application that embeds Keyward.
#[derive(Clone)]
pub(crate) struct App {
    auth: Auth,
}

impl FromRef<App> for Auth {
    fn from_ref(app: &App) -> Self {
        app.auth.clone()
    }
}

fn settings(dialect: Dialect, strategy: Strategy) -> Settings {
    let provider = |id: &str, on_sign_in_page| Provider {
        id: id.to_owned(),
        name: id.to_owned(),
        fields: vec![field("name", "text"), field("password", "password")],
        check: Arc::new(RightPassword),
        on_sign_in_page,
    };
    let public = PublicUrl::new(ORIGIN, "/api/auth").expect("an address");
    let secrets = vec![Secret::from("a secret of this test alone, long enough".to_owned())];
    let audience = Audience { name: "https://api.test".to_owned(), ..Audience::default() };
    Settings {
        session: SessionSettings {
            strategy,
            show: vec![(vec!["user".to_owned(), "role".to_owned()], "role".to_owned())],
            ..SessionSettings::default()
        },
        providers: vec![provider("login", true), provider("signup", false)],
        sign_up_provider: Some("signup".to_owned()),
        recovery: RecoverySettings {
            passwords: Some(Passwords {
                hasher: Arc::new(CountingHasher::default()),
                strength: Strength::default(),
            }),
            mail: Some(AccountMails::new(Arc::new(Outbox::default()))),
            verification: Verification::Sent,
        },
        tokens: Some(TokenSettings {
            audiences: vec![audience],
            allowed_origins: vec!["https://spa.test".to_owned()],
            ..TokenSettings::default()
        }),
        passkeys: Some(PasskeySettings::default()),
        admin_keys: vec![Secret::from("key-of-the-operator-9876543210-zyxw")],
        ..Settings::new(dialect, public, secrets)
    }
}

fn field(name: &str, kind: &str) -> Field {
    Field { name: name.to_owned(), label: name.to_owned(), kind: kind.to_owned(), ..Field::default() }
}

/// Knows everybody by one password.
struct RightPassword;

#[async_trait]
impl CredentialsCheck for RightPassword {
    async fn check(&self, submitted: &Submitted) -> Result<Proof, Refusal> {
        if submitted.text("password") != Some("right") {
            return Err(Refusal::new(Code::CredentialsSignin));
        }
        let name = submitted.text("name").unwrap_or_default().to_owned();
        let profile = Profile { name: Some(Some(name.clone())), ..Profile::default() };
        let mut extra = serde_json::Map::new();
        extra.insert("role".to_owned(), "admin".into());
        Ok(Proof {
            admission: Admission::Account {
                key: AccountKey { source: "test".to_owned(), id: name.clone() },
                profile: profile.clone(),
                new_id: UserId(format!("user-{name}")),
            },
            sub: name,
            profile,
            extra,
            tokens: None,
            opens_session: true,
        })
    }
}
