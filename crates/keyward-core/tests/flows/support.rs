//! A deployment in memory, and browsers that keep cookies.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use keyward_core::{
    address::PublicUrl,
    dialect::Dialect,
    engine::{Engine, Ports},
    event::{EventKind, EventSettings},
    method::{
        CredentialsCheck,
        backend::{BackendCheck, Endpoint, UserFields},
        email::EmailProvider,
        passkey::PasskeySettings,
        password::{PasswordSignIn, PasswordSignUp, Strength},
    },
    reply::{Reply, ReplyBody},
    request::{Body, Method, Pairs, Request},
    rules::Rules,
    secret::Secret,
    settings::{
        AccountMails, CustomPages, Field, LandingPlaces, Passwords, Provider, RecoverySettings,
        SessionSettings, Settings, Strategy, Verification,
    },
    tokens::{Client, TokenSettings},
};
use keyward_testkit::{
    CountingHasher, FakeClock, FaultyStore, MemoryStore, NotedLimits, Outbox, ScriptedHttp, SeededRandom,
};
use serde_json::Value;

pub(crate) const ALL: [Dialect; 3] = [Dialect::NextAuth3, Dialect::NextAuth4, Dialect::AuthJs5];
pub(crate) const BOTH: [Strategy; 2] = [Strategy::Sealed, Strategy::Stored];
pub(crate) const PASSWORD: &str = "plum-teapot-orbit-91";
pub(crate) const ADMIN_KEY: &str = "key-of-the-operator-9876543210-zyxw";

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) store: Arc<FaultyStore<MemoryStore>>,
    pub(crate) hasher: Arc<CountingHasher>,
    pub(crate) http: Arc<ScriptedHttp>,
    pub(crate) limits: Arc<NotedLimits>,
    pub(crate) mail: Arc<Outbox>,
    /// How often somebody was woken to deliver events.
    pub(crate) rung: Arc<AtomicUsize>,
}

pub(crate) struct Options {
    pub(crate) dialect: Dialect,
    pub(crate) session: SessionSettings,
    pub(crate) pages: CustomPages,
    pub(crate) reveals_existing: bool,
    pub(crate) public: &'static str,
    pub(crate) rules: Vec<Arc<dyn Rules>>,
    pub(crate) landing: LandingPlaces,
    pub(crate) events: Vec<EventKind>,
    pub(crate) tokens: Option<TokenSettings>,
    pub(crate) clients: Vec<Client>,
    /// Set where people can do something about their own accounts.
    pub(crate) verification: Option<Verification>,
    pub(crate) passkeys: Option<PasskeySettings>,
}

impl Options {
    pub(crate) fn new(dialect: Dialect, strategy: Strategy) -> Self {
        Self {
            dialect,
            session: SessionSettings { strategy, ..SessionSettings::default() },
            pages: CustomPages::default(),
            reveals_existing: true,
            public: "http://app.test",
            rules: Vec::new(),
            landing: LandingPlaces::default(),
            events: Vec::new(),
            tokens: None,
            clients: Vec::new(),
            verification: None,
            passkeys: None,
        }
    }
}

pub(crate) fn world(dialect: Dialect, strategy: Strategy) -> World {
    build(Options::new(dialect, strategy))
}

pub(crate) fn path(text: &str) -> Vec<String> {
    text.split('.').filter(|step| !step.is_empty()).map(str::to_owned).collect()
}

pub(crate) fn endpoint() -> Endpoint {
    Endpoint {
        url: "http://127.0.0.1:5000/api/login".parse().expect("a URL"),
        headers: Vec::new(),
        source: "shop".to_owned(),
        timeout: Duration::from_secs(5),
        max_answer: 65_536,
        user: Vec::new(),
        fields: UserFields::default(),
        keep: ["role", "accessToken"].map(|field| (field.to_owned(), path(field))).to_vec(),
        own_word_on_401: false,
        message: path("message"),
        code: path("code"),
        tokens: None,
    }
}

pub(crate) fn build(options: Options) -> World {
    build_on(options, Arc::new(FaultyStore::new(MemoryStore::default())), Arc::default())
}

fn build_on(options: Options, store: Arc<FaultyStore<MemoryStore>>, clock: Arc<FakeClock>) -> World {
    let hasher = Arc::new(CountingHasher::default());
    let http = Arc::new(ScriptedHttp::default());
    let limits = Arc::new(NotedLimits::default());
    let mail = Arc::new(Outbox::default());
    let rung = Arc::new(AtomicUsize::new(0));
    // No two processes draw the same.
    let random = Arc::new(SeededRandom::new(Arc::strong_count(&store) as u64));
    let sign_in = PasswordSignIn { store: store.clone(), hasher: hasher.clone() };
    let sign_up = PasswordSignUp {
        hasher: hasher.clone(),
        random: random.clone(),
        strength: Strength::default(),
        reveals_existing: options.reveals_existing,
    };
    let backend = |url: &str| BackendCheck {
        endpoint: Endpoint { url: url.parse().expect("a URL"), ..endpoint() },
        http: http.clone(),
        random: random.clone(),
        clock: clock.clone(),
    };
    let public = PublicUrl::new(options.public, "/api/auth").expect("valid");
    let secrets = vec![Secret::from("keyward-test-secret-0123456789abcdef")];
    let settings = Settings {
        tokens: options.tokens,
        passkeys: options.passkeys,
        admin_keys: ["key-of-an-earlier-operator-0123456789", ADMIN_KEY].map(Secret::from).to_vec(),
        clients: options.clients,
        session: options.session,
        pages: options.pages,
        landing: options.landing,
        providers: vec![
            provider("credentials", Arc::new(sign_in)),
            provider("signup", Arc::new(sign_up)),
            provider("login", Arc::new(backend("http://127.0.0.1:5000/api/login"))),
            provider("join", Arc::new(backend("http://127.0.0.1:5000/api/join"))),
        ],
        emails: vec![
            email("email", &mail, |_| ()),
            email("confirmed", &mail, |provider| provider.confirm_page = true),
            email("closed", &mail, |provider| provider.sign_up = false),
        ],
        sign_up_provider: Some("signup".to_owned()),
        recovery: options.verification.map(|asked| recovery(&hasher, &mail, asked)).unwrap_or_default(),
        events: EventSettings {
            kinds: options.events,
            on_written: Some(Arc::new({
                let rung = Arc::clone(&rung);
                move || {
                    rung.fetch_add(1, Ordering::SeqCst);
                }
            })),
        },
        ..Settings::new(options.dialect, public, secrets)
    };
    let ports = Ports {
        store: store.clone(),
        limiter: limits.clone(),
        clock: clock.clone(),
        random,
        session_fields: None,
        rules: options.rules,
    };
    World { engine: Engine::new(settings, ports), clock, store, hasher, http, limits, mail, rung }
}

fn recovery(
    hasher: &Arc<CountingHasher>,
    mail: &Arc<Outbox>,
    verification: Verification,
) -> RecoverySettings {
    let passwords = Passwords { hasher: Arc::clone(hasher) as _, strength: Strength::default() };
    let mail = AccountMails::new(Arc::clone(mail) as _);
    RecoverySettings { passwords: Some(passwords), mail: Some(mail), verification }
}

fn provider(id: &str, check: Arc<dyn CredentialsCheck>) -> Provider {
    let field = |name: &str, kind: &str| Field {
        name: name.to_owned(),
        label: name.to_owned(),
        kind: kind.to_owned(),
        required: true,
        ..Field::default()
    };
    Provider {
        id: id.to_owned(),
        name: id.to_owned(),
        fields: vec![field("email", "email"), field("password", "password")],
        check,
        on_sign_in_page: id != "signup",
    }
}

fn email(id: &str, mail: &Arc<Outbox>, change: fn(&mut EmailProvider)) -> EmailProvider {
    let mut provider = EmailProvider {
        id: id.to_owned(),
        name: id.to_owned(),
        max_age: Duration::from_secs(24 * 60 * 60),
        confirm_page: false,
        sign_up: true,
        on_sign_in_page: true,
        mailer: Arc::clone(mail) as _,
        letters: Arc::clone(mail) as _,
    };
    change(&mut provider);
    provider
}

/// A browser: sends its cookies, keeps what is set.
pub(crate) struct Browser<'a> {
    pub(crate) world: &'a World,
    pub(crate) cookies: Vec<(String, String)>,
    pub(crate) address: IpAddr,
    /// As it names itself.
    pub(crate) agent: String,
    pub(crate) authorization: Option<String>,
}

impl World {
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser {
            world: self,
            cookies: Vec::new(),
            address: IpAddr::from([127, 0, 0, 1]),
            agent: "test".to_owned(),
            authorization: None,
        }
    }

    /// A program that sends an operator's key.
    pub(crate) fn operator(&self) -> Browser<'_> {
        Browser { authorization: Some(format!("Bearer {ADMIN_KEY}")), ..self.browser() }
    }

    /// Another process on the same store: nothing that this one knows is known there.
    pub(crate) fn another(&self, options: Options) -> Self {
        build_on(options, Arc::clone(&self.store), Arc::clone(&self.clock))
    }
}

impl Browser<'_> {
    pub(crate) async fn send(&mut self, method: Method, target: &str, body: Body) -> Reply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let request = Request {
            method,
            path: path.split('/').map(str::to_owned).collect(),
            query: Pairs(query),
            body,
            cookies: Pairs(self.cookies.clone()),
            // The client asks so when it posts; a link in a mail is opened by the browser itself.
            json_header: method == Method::Post && self.world.engine.settings().dialect == Dialect::AuthJs5,
            public: self.world.engine.settings().public.clone(),
            client: self.address,
            user_agent: Some(self.agent.clone()),
            authorization: self.authorization.as_deref().map(Secret::from),
        };
        let reply = self.world.engine.answer(request).await;
        for cookie in &reply.cookies {
            let (name, rest) = cookie.split_once('=').expect("name=value");
            let value = rest.split(';').next().expect("a value");
            let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
            self.cookies.retain(|(other, _)| other != name);
            if !rest.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value));
            }
        }
        reply
    }

    pub(crate) async fn get(&mut self, target: &str) -> Reply {
        self.send(Method::Get, target, Body::None).await
    }

    pub(crate) async fn csrf(&mut self) -> String {
        json(&self.get("csrf").await)["csrfToken"].as_str().expect("a token").to_owned()
    }

    /// Posts a form in JSON mode with a good CSRF token.
    pub(crate) async fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Reply {
        let csrf = self.csrf().await;
        let mut form = vec![("csrfToken".to_owned(), csrf), ("json".to_owned(), "true".to_owned())];
        form.extend(fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        self.send(Method::Post, target, Body::Form(Pairs(form))).await
    }

    pub(crate) async fn sign_up(&mut self, email: &str) -> Reply {
        self.post("callback/signup", &[("email", email), ("password", PASSWORD), ("name", "Ada")]).await
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Reply {
        self.post("callback/credentials", &[("email", email), ("password", password)]).await
    }

    pub(crate) async fn session(&mut self) -> Value {
        let reply = self.get("session").await;
        assert_eq!(reply.status, 200);
        json(&reply)
    }

    pub(crate) async fn is_signed_in(&mut self) -> bool {
        self.session().await.get("user").is_some()
    }

    pub(crate) fn session_cookie(&self) -> Option<&str> {
        let name = self.world.engine.settings().dialect.cookie_names(false).session;
        self.cookies.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) fn json(reply: &Reply) -> Value {
    let ReplyBody::Json(text) = &reply.body else {
        unreachable!("not JSON: {:?} with status {}", reply.body, reply.status)
    };
    serde_json::from_str(text).expect("JSON")
}

/// The `error` and `code` that a client reads from the answer's `url`.
pub(crate) fn error_of(reply: &Reply) -> (Option<String>, Option<String>) {
    let url = json(reply)["url"].as_str().expect("a url").to_owned();
    let url = url::Url::parse(&url).expect("absolute, as the clients need it");
    let get = |name| url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
    (get("error"), get("code"))
}
