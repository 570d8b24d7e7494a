//! A deployment with providers, and browsers that keep cookies as browsers do.

use std::{net::IpAddr, sync::Arc, time::Duration};

use keyward_core::{
    address::PublicUrl,
    dialect::Dialect,
    engine::{Engine, Ports},
    event::EventKind,
    method::{
        CredentialsCheck,
        email::EmailProvider,
        password::{PasswordSignIn, PasswordSignUp, Strength},
    },
    reply::{Page, Reply, ReplyBody},
    request::{Body, Method, Pairs, Request},
    secret::Secret,
    settings::{
        AccountMails, CustomPages, Field, Provider as FieldProvider, RedirectKind, RedirectProvider,
        SessionSettings, Settings, SignOutScope, Strategy,
    },
    tokens::{Audience, Client, TokenSettings},
};
use keyward_providers::{
    Cache, Entry, Kind, Provider, ProviderHttp, RedirectMethod, RedirectTools, Settings as ProviderSettings,
    attempt::Sealer,
};
use keyward_testkit::{
    CountingHasher, FakeClock, FaultyStore, MemoryStore, NotedLimits, Outbox, SeededRandom,
};
use serde_json::Value;
use url::Url;

use crate::{
    hostile::op::Op,
    upstream::{Person, Upstream},
};

pub(crate) const ALL: [Dialect; 3] = [Dialect::NextAuth3, Dialect::NextAuth4, Dialect::AuthJs5];
pub(crate) const BOTH: [Strategy; 2] = [Strategy::Sealed, Strategy::Stored];
pub(crate) const PASSWORD: &str = "plum-teapot-orbit-91";
pub(crate) const SECRET: &str = "keyward-test-secret-0123456789abcdef";

pub(crate) const CLIENT_SECRET: &str = "a client's secret of thirty-two characters";

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) store: Arc<FaultyStore<MemoryStore>>,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) limits: Arc<NotedLimits>,
    /// The links that were sent.
    pub(crate) mail: Arc<Outbox>,
}

pub(crate) struct Options {
    pub(crate) dialect: Dialect,
    pub(crate) strategy: Strategy,
    pub(crate) public: &'static str,
    pub(crate) pages: CustomPages,
    pub(crate) dangerous: bool,
    pub(crate) sign_out: SignOutScope,
    pub(crate) keep: Vec<(String, Vec<String>)>,
    pub(crate) events: Vec<EventKind>,
    /// Whether links and notices are sent by mail.
    pub(crate) links: bool,
    /// Whether people sign in with passwords.
    pub(crate) passwords: bool,
    /// Stands at `op.example` in the honest one's place.
    pub(crate) op: Option<Arc<Op>>,
}

impl Options {
    pub(crate) fn new(dialect: Dialect, strategy: Strategy) -> Self {
        Self {
            dialect,
            strategy,
            public: "https://app.test",
            pages: CustomPages::default(),
            dangerous: false,
            sign_out: SignOutScope::Local,
            keep: Vec::new(),
            events: Vec::new(),
            links: false,
            passwords: true,
            op: None,
        }
    }
}

pub(crate) fn world(dialect: Dialect, strategy: Strategy) -> World {
    build(Options::new(dialect, strategy))
}

pub(crate) fn build(options: Options) -> World {
    let clock = Arc::new(FakeClock::default());
    let store = Arc::new(FaultyStore::new(MemoryStore::default()));
    let upstream = Arc::new(Upstream::new(clock.clone()));
    start(options, clock, store, upstream, 7)
}

/// A process of this deployment; each has a seed of its own.
fn start(
    options: Options,
    clock: Arc<FakeClock>,
    store: Arc<FaultyStore<MemoryStore>>,
    upstream: Arc<Upstream>,
    seed: u64,
) -> World {
    let random = Arc::new(SeededRandom::new(seed));
    let hasher = Arc::new(CountingHasher::default());
    let limits = Arc::new(NotedLimits::default());
    let secrets = vec![Secret::from(SECRET)];
    let (http, cache): (Arc<dyn ProviderHttp>, Arc<Cache>) = match &options.op {
        Some(op) => (op.clone(), op.cache.clone()),
        None => (upstream.clone(), Arc::default()),
    };
    let tools = RedirectTools {
        http,
        cache,
        clock: clock.clone(),
        random: random.clone(),
        sealer: Arc::new(Sealer::new(&secrets)),
    };
    let redirect = |provider: Provider| RedirectProvider {
        id: provider.id.clone(),
        name: provider.name.clone(),
        kind: if provider.kind == Kind::Oidc { RedirectKind::Oidc } else { RedirectKind::OAuth },
        on_sign_in_page: true,
        answers_by_post: provider.answers_by_post(),
        sign_out: options.sign_out,
        allow_dangerous_email_account_linking: options.dangerous,
        keep: options.keep.clone(),
        brand: None,
        way: Arc::new(RedirectMethod::new(provider, tools.clone())),
    };
    let sign_up = PasswordSignUp {
        hasher: hasher.clone(),
        random: random.clone(),
        strength: Strength::default(),
        reveals_existing: true,
    };
    let public = PublicUrl::new(options.public, "/api/auth").expect("an address");
    let mut settings = Settings::new(options.dialect, public, secrets);
    settings.session = SessionSettings {
        strategy: options.strategy,
        show: options.keep.iter().map(|(field, _)| (vec![field.clone()], field.clone())).collect(),
        ..SessionSettings::default()
    };
    settings.providers = vec![
        fields("credentials", Arc::new(PasswordSignIn { store: store.clone(), hasher })),
        fields("signup", Arc::new(sign_up)),
    ];
    settings.providers.retain(|provider| options.passwords || provider.id != "credentials");
    let mail = Arc::new(Outbox::default());
    settings.emails.extend(options.links.then(|| email(&mail)));
    settings.recovery.mail = options.links.then(|| AccountMails::new(Arc::new(Outbox::default())));
    let own = options.op.as_ref().map_or_else(|| op("op", false), |op| op.provider());
    settings.redirects = vec![redirect(hub()), redirect(own), redirect(op("post", true))];
    settings.order = ["op", "credentials"].map(str::to_owned).to_vec();
    settings.sign_up_provider = Some("signup".to_owned());
    settings.pages = options.pages;
    settings.events.kinds = options.events;
    let audience = Audience { name: "https://api.test".to_owned(), ..Audience::default() };
    settings.tokens = Some(TokenSettings { audiences: vec![audience], ..TokenSettings::default() });
    settings.clients = ["shop", "blog"].map(client_that_vouches).to_vec();
    let ports = Ports {
        store: store.clone(),
        limiter: limits.clone(),
        clock: clock.clone(),
        random,
        session_fields: None,
        rules: Vec::new(),
    };
    World { engine: Engine::new(settings, ports), clock, store, upstream, limits, mail }
}

/// The shop alone is trusted with people of the hub.
fn client_that_vouches(id: &str) -> Client {
    let vouches_for = if id == "shop" { vec!["hub".to_owned()] } else { Vec::new() };
    let audiences = vec!["https://api.test".to_owned()];
    Client { id: id.to_owned(), secret: Secret::from(CLIENT_SECRET), audiences, vouches_for }
}

fn email(mail: &Arc<Outbox>) -> EmailProvider {
    EmailProvider {
        id: "email".to_owned(),
        name: "Mail".to_owned(),
        max_age: Duration::from_secs(24 * 60 * 60),
        confirm_page: false,
        sign_up: true,
        on_sign_in_page: true,
        mailer: mail.clone(),
        letters: mail.clone(),
    }
}

fn hub() -> Provider {
    let own = |path: &str| Some(format!("https://hub.example/{path}"));
    let settings = ProviderSettings {
        authorization_endpoint: own("authorize"),
        token_endpoint: own("token"),
        userinfo_endpoint: own("user"),
        ..client()
    };
    Provider::new("hub", &Entry::oauth("hub", "The Hub"), settings).expect("settings")
}

fn op(id: &str, posts: bool) -> Provider {
    let mut settings = ProviderSettings { issuer: Some("https://op.example".to_owned()), ..client() };
    if posts {
        settings.params.insert("response_mode".to_owned(), "form_post".to_owned());
    }
    Provider::new(id, &Entry::openid(id, "The Provider"), settings).expect("settings")
}

fn client() -> ProviderSettings {
    ProviderSettings {
        client_id: "client".to_owned(),
        client_secret: Some(Secret::from("secret")),
        ..ProviderSettings::default()
    }
}

fn fields(id: &str, check: Arc<dyn CredentialsCheck>) -> FieldProvider {
    let field = |name: &str| Field { name: name.to_owned(), kind: name.to_owned(), ..Field::default() };
    FieldProvider {
        id: id.to_owned(),
        name: id.to_owned(),
        fields: vec![field("email"), field("password")],
        check,
        on_sign_in_page: id != "signup",
    }
}

/// A browser: sends its cookies, keeps what is set.
pub(crate) struct Browser<'w> {
    pub(crate) world: &'w World,
    /// Name, value, and whether it goes along from other sites.
    pub(crate) cookies: Vec<(String, String, bool)>,
    /// Whether `send` asks as generation 5's client does.
    pub(crate) json: bool,
}

impl World {
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser { world: self, cookies: Vec::new(), json: true }
    }

    /// Another process of a deployment that was made by [`world`], on the same store.
    pub(crate) fn another_process(&self) -> Self {
        let settings = self.engine.settings();
        let options = Options::new(settings.dialect, settings.session.strategy);
        start(options, self.clock.clone(), self.store.clone(), self.upstream.clone(), 8)
    }
}

impl Browser<'_> {
    pub(crate) async fn send(
        &mut self,
        method: Method,
        target: &str,
        body: Body,
        from_another_site: bool,
    ) -> Reply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        // As of SameSite: Lax comes along when a person goes somewhere, not when a form is posted there.
        let held_back = from_another_site && method == Method::Post;
        let sent = self.cookies.iter().filter(|(.., everywhere)| *everywhere || !held_back);
        let settings = self.world.engine.settings();
        let request = Request {
            method,
            path: path.split('/').map(str::to_owned).collect(),
            query: Pairs(query),
            body,
            cookies: Pairs(sent.map(|(name, value, _)| (name.clone(), value.clone())).collect()),
            json_header: self.json && !from_another_site && settings.dialect == Dialect::AuthJs5,
            public: settings.public.clone(),
            client: IpAddr::from([127, 0, 0, 1]),
            user_agent: None,
            authorization: None,
        };
        let reply = self.world.engine.answer(request).await;
        for cookie in &reply.cookies {
            let (name, rest) = cookie.split_once('=').expect("name=value");
            let value = rest.split(';').next().expect("a value");
            let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
            self.cookies.retain(|(other, ..)| other != name);
            if !rest.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value, rest.contains("SameSite=None")));
            }
        }
        reply
    }

    pub(crate) async fn get(&mut self, target: &str) -> Reply {
        self.send(Method::Get, target, Body::None, false).await
    }

    pub(crate) async fn head(&mut self, target: &str) -> Reply {
        self.send(Method::Head, target, Body::None, false).await
    }

    /// Posts a form in JSON mode with a good CSRF token.
    pub(crate) async fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Reply {
        let csrf = json(&self.get("csrf").await)["csrfToken"].as_str().expect("a token").to_owned();
        let mut form = vec![("csrfToken".to_owned(), csrf)];
        if self.json {
            form.push(("json".to_owned(), "true".to_owned()));
        }
        form.extend(fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        self.send(Method::Post, target, Body::Form(Pairs(form)), false).await
    }

    /// As `signIn(provider)` does: the address to go to.
    pub(crate) async fn depart(&mut self, provider: &str, landing: &str) -> Url {
        let reply = self.post(&format!("signin/{provider}"), &[("callbackUrl", landing)]).await;
        assert_eq!(reply.refused, None);
        let place = if self.json {
            json(&reply)["url"].as_str().expect("a url").to_owned()
        } else {
            location(&reply).to_owned()
        };
        place.parse().expect("absolute")
    }

    /// Comes back with a response, as the provider answers.
    pub(crate) async fn arrive(&mut self, provider: &str, response: &[(String, String)]) -> Reply {
        let target = format!("callback/{provider}");
        if provider == "post" {
            return self.send(Method::Post, &target, Body::Form(Pairs(response.to_vec())), true).await;
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(response).finish();
        self.send(Method::Get, &format!("{target}?{query}"), Body::None, true).await
    }

    /// All of it.
    pub(crate) async fn sign_in(&mut self, provider: &str, person: &Person) -> Reply {
        let url = self.depart(provider, "/dash").await;
        let response = self.world.upstream.agree(&url, person);
        self.arrive(provider, &response).await
    }

    pub(crate) async fn sign_up(&mut self, email: &str) {
        let fields = [("email", email), ("password", PASSWORD), ("name", "Own")];
        assert_eq!(self.post("callback/signup", &fields).await.status, 200);
    }

    pub(crate) async fn session(&mut self) -> Value {
        let reply = self.get("session").await;
        assert_eq!(reply.status, 200);
        json(&reply)
    }

    pub(crate) async fn is_signed_in(&mut self) -> bool {
        self.session().await.get("user").is_some()
    }

    pub(crate) fn attempts(&self) -> Vec<(String, String)> {
        let all = self.cookies.iter().filter(|(name, ..)| name.contains("keyward.attempt."));
        all.map(|(name, value, _)| (name.clone(), value.clone())).collect()
    }
}

pub(crate) fn json(reply: &Reply) -> Value {
    let ReplyBody::Json(text) = &reply.body else {
        unreachable!("not JSON: {:?} with status {}", reply.body, reply.status)
    };
    serde_json::from_str(text).expect("JSON")
}

pub(crate) fn location(reply: &Reply) -> &str {
    let found = reply.headers.iter().find(|(name, _)| *name == "location");
    found.map_or("", |(_, value)| value)
}

/// Follows redirects within our own routes to the page.
pub(crate) async fn page_behind(browser: &mut Browser<'_>, mut reply: Reply) -> Page {
    while reply.status == 302 {
        let target = location(&reply).strip_prefix("https://app.test/api/auth/").expect("ours").to_owned();
        reply = browser.get(&target).await;
    }
    match reply.body {
        ReplyBody::Page(page) => page,
        other => unreachable!("{other:?}"),
    }
}

/// The `error` and `code` of the address that a refused person is sent to, without its query.
pub(crate) fn refused(reply: &Reply) -> (String, String, String) {
    let url: Url = location(reply).parse().expect("absolute");
    let get = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
    (url.path().to_owned(), get("error").unwrap_or_default(), get("code").unwrap_or_default())
}
