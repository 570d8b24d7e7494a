//! A deployment in memory whose ports a test commands.

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
    audit::AuditSettings,
    dialect::Dialect,
    engine::{Engine, Ports},
    event::{EventKind, EventSettings},
    method::{
        CredentialsCheck,
        backend::{BackendCheck, Endpoint, TokenPlaces, UserFields},
        email::EmailProvider,
        passkey::PasskeySettings,
        password::{PasswordSignIn, PasswordSignUp, Strength},
    },
    port::Store,
    rules::Rules,
    secret::Secret,
    settings::{
        AccountMails, CustomPages, Field, LandingPlaces, Passwords, Provider, RecoverySettings,
        RedirectProvider, SessionSettings, Settings, Strategy, Verification,
    },
    tokens::{Client, TokenSettings},
    vault::Foreign,
};

use super::Browser;
use crate::{
    CountingHasher, FakeClock, FaultyStore, MemoryStore, NotedLimits, Outbox, ScriptedHttp, SeededRandom,
};

/// Every generation of clients.
pub const ALL: [Dialect; 3] = [Dialect::NextAuth3, Dialect::NextAuth4, Dialect::AuthJs5];
/// Every way to keep a session.
pub const BOTH: [Strategy; 2] = [Strategy::Sealed, Strategy::Stored];
/// What people sign up with.
pub const PASSWORD: &str = "plum-teapot-orbit-91";
/// What an operator shows.
pub const ADMIN_KEY: &str = "key-of-the-operator-9876543210-zyxw";

/// A deployment and everything it stands on.
pub struct World {
    /// What answers.
    pub engine: Engine,
    /// Its time.
    pub clock: Arc<FakeClock>,
    /// Its store, which fails when told to.
    pub store: Arc<FaultyStore<dyn Store>>,
    /// Its hasher.
    pub hasher: Arc<CountingHasher>,
    /// Where its back ends answer.
    pub http: Arc<ScriptedHttp>,
    /// What it draws on.
    pub limits: Arc<NotedLimits>,
    /// Links to sign in by, once sent.
    pub mail: Arc<Outbox>,
    /// How often somebody was woken to deliver events.
    pub rung: Arc<AtomicUsize>,
}

/// What a deployment decides differently from others.
pub struct Options {
    /// Which clients it speaks to.
    pub dialect: Dialect,
    /// How it keeps sessions.
    pub session: SessionSettings,
    /// Pages of the application's own.
    pub pages: CustomPages,
    /// Whether a sign-up tells that an address is taken.
    pub reveals_existing: bool,
    /// Where it is reached.
    pub public: &'static str,
    /// The deployment's own rules.
    pub rules: Vec<Arc<dyn Rules>>,
    /// Where people land.
    pub landing: LandingPlaces,
    /// What is told of.
    pub events: Vec<EventKind>,
    /// Set where programs get tokens.
    pub tokens: Option<TokenSettings>,
    /// The programs.
    pub clients: Vec<Client>,
    /// Set where people can do something about their own accounts.
    pub verification: Option<Verification>,
    /// Set where people sign in with passkeys.
    pub passkeys: Option<PasskeySettings>,
    /// Whose tokens sessions keep, and how they are refreshed.
    pub foreign: Foreign,
    /// Sites to sign in at.
    pub redirects: Vec<RedirectProvider>,
    /// What is kept of what happens to accounts.
    pub audit: AuditSettings,
}

impl Options {
    /// The usual ones.
    #[must_use]
    pub fn new(dialect: Dialect, strategy: Strategy) -> Self {
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
            foreign: Foreign::default(),
            redirects: Vec::new(),
            audit: AuditSettings::default(),
        }
    }
}

/// A usual deployment.
#[must_use]
pub fn world(dialect: Dialect, strategy: Strategy) -> World {
    build(Options::new(dialect, strategy))
}

/// `a.b` as steps.
#[must_use]
pub fn path(text: &str) -> Vec<String> {
    text.split('.').filter(|step| !step.is_empty()).map(str::to_owned).collect()
}

/// The back end of the provider `login`.
#[must_use]
pub fn endpoint() -> Endpoint {
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

/// A deployment on a store in memory.
#[must_use]
pub fn build(options: Options) -> World {
    build_over(options, Arc::new(MemoryStore::default()))
}

/// A deployment on this store.
#[must_use]
pub fn build_over(options: Options, store: Arc<dyn Store>) -> World {
    build_on(options, Arc::new(FaultyStore::over(store)), Arc::default())
}

fn build_on(options: Options, store: Arc<FaultyStore<dyn Store>>, clock: Arc<FakeClock>) -> World {
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
        endpoint: Endpoint {
            url: url.parse().expect("a URL"),
            tokens: (!options.foreign.sources.is_empty()).then(TokenPlaces::default),
            ..endpoint()
        },
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
        foreign: options.foreign.clone(),
        redirects: options.redirects,
        audit: options.audit,
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

impl World {
    /// A browser that has no cookies yet.
    #[must_use]
    pub fn browser(&self) -> Browser<'_> {
        Browser {
            world: self,
            cookies: Vec::new(),
            address: IpAddr::from([127, 0, 0, 1]),
            agent: "test".to_owned(),
            authorization: None,
        }
    }

    /// A program that sends an operator's key.
    #[must_use]
    pub fn operator(&self) -> Browser<'_> {
        Browser { authorization: Some(format!("Bearer {ADMIN_KEY}")), ..self.browser() }
    }

    /// Another process on the same store: nothing that this one knows is known there.
    #[must_use]
    pub fn another(&self, options: Options) -> Self {
        build_on(options, Arc::clone(&self.store), Arc::clone(&self.clock))
    }
}
