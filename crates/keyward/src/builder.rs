//! From settings to a running Keyward.

use std::{path::Path, sync::Arc};

use ipnet::IpNet;
use keyward_axum::{Auth, EdgeSettings, Limits as EdgeLimits};
use keyward_core::{
    address::PublicUrl,
    audit::AuditSettings,
    dialect::Dialect,
    engine::{Engine, Ports},
    event::{EventKind, EventSettings, Events},
    mail::Mailbox,
    method::{backend::BackendCheck, passkey::PasskeySettings, totp::FactorSettings},
    policy::abuse::GuessLimits,
    port::{Clock, HttpClient, PasswordHasher, Random, Store},
    rules::{
        Rules,
        hook::{HookSettings, Hooks},
    },
    secret::Secret,
    session::SessionFields,
    settings::{CustomPages, LandingPlaces, Provider, SessionSettings, Settings},
    tokens::{Client, TokenSettings},
    vault::Foreign,
};
use keyward_net::OutgoingHttp;
use keyward_pages::Theme;
use keyward_providers::{RedirectTools, attempt::Sealer};
use keyward_store_sqlite::{Options, SqliteStore};
use url::Url;

use crate::{
    account_mail::{self, AccountMailSettings},
    accounts::AccountsSettings,
    breached::BreachedPasswords,
    clock::SystemClock,
    email::EmailSettings,
    events::{Deliveries, Receiver},
    hasher::{Argon2Hasher, HasherSettings},
    instance::Keyward,
    jobs::Jobs,
    limits::{LimitSettings, Limits},
    mistake::{BuildError, Mistake},
    oauth::OAuthSettings,
    plan::{BackendSettings, Plan, StoreChoice, Way},
    post::PostOffice,
    random::SystemRandom,
    tokens::{self, Refreshes},
    validate,
};

/// Collects the settings of a [`Keyward`]; [`Builder::build`] checks them all and starts it.
///
/// Whatever is not called keeps its default, which is right for most.
#[must_use]
pub struct Builder {
    plan: Plan,
}

impl Keyward {
    /// Begins a Keyward that people reach at `public_url` (`https://app.example`; a path in it is the base
    /// path) and whose sessions `secret` seals: the same as the application's `NEXTAUTH_SECRET`.
    pub fn builder(public_url: &str, secret: impl Into<Secret>) -> Builder {
        Builder { plan: Plan::new(public_url, secret.into()) }
    }
}

impl Builder {
    /// Which generation of NextAuth the clients are. Default: 4.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.plan.dialect = dialect;
        self
    }

    /// Path of the routes where the public URL has none. Default: `/api/auth`.
    pub fn base_path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.plan.base_path);
        self
    }

    /// A secret that was in use before: sessions sealed with it still open. Generation 5 only.
    pub fn older_secret(mut self, secret: Secret) -> Self {
        self.plan.secrets.push(secret);
        self
    }

    /// Users and sessions in an SQLite database at this path, made where it is not there.
    pub fn sqlite(mut self, path: impl AsRef<Path>) -> Self {
        self.plan.store = Some(StoreChoice::Sqlite(path.as_ref().to_owned()));
        self
    }

    /// Users and sessions in a store of one's own, or one that is open already.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.plan.store = Some(StoreChoice::Given(store));
        self
    }

    /// How sessions are kept, for how long, and what they show.
    pub fn session(mut self, session: SessionSettings) -> Self {
        self.plan.session = session;
        self
    }

    /// Pages of the application that replace the built-in ones.
    pub fn pages(mut self, pages: CustomPages) -> Self {
        self.plan.pages = pages;
        self
    }

    /// A way to sign in that a check of one's own decides.
    pub fn provider(mut self, provider: Provider) -> Self {
        self.plan.providers.push(Way::Own(provider));
        self
    }

    /// A way to sign in that an existing back end decides.
    pub fn backend(mut self, backend: BackendSettings) -> Self {
        self.plan.providers.push(Way::Backend(Box::new(backend)));
        self
    }

    /// A way to sign in through a provider of the catalogue: `.oauth("github", client_id, client_secret)`.
    pub fn oauth(self, id: &str, client_id: &str, client_secret: impl Into<Secret>) -> Self {
        self.oauth_provider(OAuthSettings::catalogue(id, client_id, client_secret))
    }

    /// A way to sign in through any OpenID provider, by its issuer.
    pub fn openid(self, id: &str, issuer: &str, client_id: &str, client_secret: impl Into<Secret>) -> Self {
        self.oauth_provider(OAuthSettings::openid(id, issuer, client_id, client_secret))
    }

    /// A way to sign in through a provider, with all that can be set.
    pub fn oauth_provider(mut self, provider: OAuthSettings) -> Self {
        self.plan.providers.push(Way::OAuth(Box::new(provider)));
        self
    }

    /// A way to sign in by a link in a mail.
    pub fn email_links(mut self, links: EmailSettings) -> Self {
        self.plan.providers.push(Way::Email(Box::new(links)));
        self
    }

    /// Keyward's own accounts, shown before the providers.
    pub fn accounts(mut self, accounts: AccountsSettings) -> Self {
        self.plan.accounts = Some(accounts);
        self
    }

    /// Mails about people's own accounts. Default: through the first provider of links in mails, if there is one; in
    /// development into the mailbox.
    pub fn account_mail(mut self, mail: AccountMailSettings) -> Self {
        self.plan.account_mail = Some(mail);
        self
    }

    /// How often people may try. Defaults: [`LimitSettings`].
    pub fn limits(mut self, limits: LimitSettings) -> Self {
        self.plan.limits = limits;
        self
    }

    /// What the process takes on at once. Defaults: [`EdgeLimits`](keyward_axum::Limits).
    pub fn edge_limits(mut self, limits: EdgeLimits) -> Self {
        self.plan.edge_limits = limits;
        self
    }

    /// How many passwords are hashed at once. Defaults: [`HasherSettings`].
    pub fn hasher(mut self, hasher: HasherSettings) -> Self {
        self.plan.hasher = hasher;
        self
    }

    /// Which passwords nobody may choose. Default: the 10,000 that everybody tries first.
    pub fn breached_passwords(mut self, lists: BreachedPasswords) -> Self {
        self.plan.breached = lists;
        self
    }

    /// What is kept of the audit trail. Defaults: [`AuditSettings`].
    pub fn audit(mut self, audit: AuditSettings) -> Self {
        self.plan.audit = audit;
        self
    }

    /// When wrong passwords begin to cost time. Defaults: [`GuessLimits`].
    pub fn guess_limits(mut self, guesses: GuessLimits) -> Self {
        self.plan.guesses = guesses;
        self
    }

    /// The look and the texts of the built-in pages.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.plan.theme = theme;
        self
    }

    /// Peers whose `X-Forwarded-For` counts. Default: nobody's.
    pub fn trusted_proxies(mut self, proxies: impl IntoIterator<Item = IpNet>) -> Self {
        self.plan.trusted_proxies = proxies.into_iter().collect();
        self
    }

    /// Origins where people may land after signing in or out, beside the public one.
    pub fn allowed_origins(mut self, origins: impl IntoIterator<Item = String>) -> Self {
        self.plan.allowed_origins = origins.into_iter().collect();
        self
    }

    /// On the developer's own machine: any secret will do, and requests from the loopback interface may say
    /// what the public origin is.
    pub fn development(mut self, development: bool) -> Self {
        self.plan.development = development;
        self
    }

    /// Where people land, whatever the front end asked for (C6).
    pub fn landing(mut self, landing: LandingPlaces) -> Self {
        self.plan.landing = landing;
        self
    }

    /// A rule about who may sign in, what the token holds, where people land: NextAuth's callbacks. All that are
    /// added are asked, in their order; the first that does not allow decides.
    pub fn rules(mut self, rules: Arc<dyn Rules>) -> Self {
        self.plan.rules.push(rules);
        self
    }

    /// Asks receivers over HTTP, after the rules of [`Builder::rules`].
    pub fn hooks(mut self, hooks: HookSettings) -> Self {
        self.plan.hooks = Some(hooks);
        self
    }

    /// A receiver of [events](crate::Events), called in the background: NextAuth's events.
    pub fn events(mut self, receiver: Arc<dyn Events>) -> Self {
        self.plan.events.push(receiver);
        self
    }

    /// Which events are told. Default: all but [`EventKind::Session`], which is a write for every session that is
    /// read.
    pub fn event_kinds(mut self, kinds: impl IntoIterator<Item = EventKind>) -> Self {
        self.plan.event_kinds = kinds.into_iter().collect();
        self
    }

    /// Tokens for programs: with them come the calls that hand them out. Default: none.
    pub fn tokens(mut self, tokens: TokenSettings) -> Self {
        self.plan.tokens = Some(tokens);
        self
    }

    /// A key with which an operator changes people and sessions from outside. Without one the admin API is not there.
    pub fn admin_key(mut self, key: impl Into<Secret>) -> Self {
        self.plan.admin_keys.push(key.into());
        self
    }

    /// An application with a credential of its own, for calls from its server side.
    pub fn client(mut self, client: Client) -> Self {
        self.plan.clients.push(client);
        self
    }

    /// Second factors: whether people can set up an authenticator app, and what it calls this site.
    pub fn second_factors(mut self, factors: FactorSettings) -> Self {
        self.plan.factors = factors;
        self
    }

    /// Passkeys. Default: none.
    pub fn passkeys(mut self, passkeys: PasskeySettings) -> Self {
        self.plan.passkeys = Some(passkeys);
        self
    }

    /// Fields of one's own in the session.
    pub fn session_fields(mut self, fields: Arc<dyn SessionFields>) -> Self {
        self.plan.session_fields = Some(fields);
        self
    }

    /// The proxy through which back ends are reached. Default: none, whatever the environment says.
    pub fn outgoing_proxy(mut self, proxy: Url) -> Self {
        self.plan.proxy = Some(proxy);
        self
    }

    /// Checks all settings without opening or starting anything.
    ///
    /// # Errors
    ///
    /// [`BuildError`] with every mistake there is.
    pub fn check(&self) -> Result<(), BuildError> {
        BuildError::unless_none(validate::mistakes(&self.plan))
    }

    /// Checks all settings, opens the store, and starts the background jobs on the current Tokio runtime.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: mistakes in the settings, or a store that can't be opened or doesn't answer.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub async fn build(self) -> Result<Keyward, BuildError> {
        self.check()?;
        let mut plan = self.plan;
        let public = PublicUrl::new(&plan.public_url, &plan.base_path).expect("checked above");
        let choice = plan.store.take().expect("checked above");
        let (store, sqlite) = open(choice).await?;

        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let hasher = Argon2Hasher::new(plan.hasher, Arc::clone(&random))
            .with_breached(std::mem::take(&mut plan.breached));
        let hasher = Arc::new(hasher);
        let limits = Arc::new(Limits::new(plan.limits));
        let mailbox = Arc::new(Mailbox::new(Arc::clone(&clock), public.route("-/mailbox")));
        let about_accounts = plan.mails_about_accounts();
        let is_kept = about_accounts.as_ref().is_some_and(|mails| mails.mailer.is_none());
        let (post, recovery) =
            account_mail::recovery(plan.accounts.as_ref(), &plan.theme, about_accounts, &hasher, &mailbox);
        let outgoing = Arc::new(plan.proxy.map_or_else(OutgoingHttp::new, OutgoingHttp::through));
        let http: Arc<dyn HttpClient> = Arc::clone(&outgoing) as _;
        let tools = RedirectTools {
            http: outgoing,
            cache: Arc::default(),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
            sealer: Arc::new(Sealer::new(&plan.secrets)),
        };

        let mut providers = Vec::new();
        if let Some(accounts) = &plan.accounts {
            let hasher: Arc<dyn PasswordHasher> = Arc::clone(&hasher) as _;
            providers.extend(accounts.providers(&store, &hasher, &random, &plan.theme.texts));
        }
        let mut order: Vec<_> = providers.iter().map(|provider| provider.id.clone()).collect();
        let is_sent_nowhere = |way: &Way| matches!(way, Way::Email(settings) if settings.mailer.is_none());
        let has_mailbox = plan.development && (is_kept || plan.providers.iter().any(is_sent_nowhere));
        let mut emails = Vec::new();
        let mut redirects = Vec::new();
        let refreshes = Arc::new(Refreshes::default());
        let mut foreign = Foreign { background: Some(Arc::clone(&refreshes) as _), ..Foreign::default() };
        for way in plan.providers {
            order.push(way.id().to_owned());
            match way {
                Way::Own(provider) => providers.push(provider),
                Way::Backend(mut backend) => {
                    if backend.refresh.is_some() || backend.endpoint.tokens.is_some() {
                        let (refresh, freshness) = (backend.refresh.take(), backend.freshness.clone());
                        let source = tokens::of_back_end(refresh, freshness, &http, &clock);
                        foreign.sources.insert(backend.id.clone(), source);
                    }
                    providers.push(backend.provider(&http, &random, &clock));
                }
                Way::Email(settings) => emails.push(settings.provider(&plan.theme, &mailbox)),
                Way::OAuth(settings) => {
                    if let Some(warning) = settings.warning() {
                        tracing::warn!("{warning}");
                    }
                    if let Some(source) = settings.tokens(&tools).expect("checked above") {
                        foreign.sources.insert(settings.id.clone(), source);
                    }
                    redirects.push(settings.redirect(&tools).expect("checked above"));
                }
            }
        }
        let (mut rules, mut receivers) = (plan.rules, plan.events);
        if let Some(settings) = plan.hooks {
            let (clock, random) = (Arc::clone(&clock), Arc::clone(&random));
            let hooks = Arc::new(Hooks { settings, http: Arc::clone(&http), clock, random });
            rules.push(Arc::clone(&hooks) as _);
            if hooks.settings.events.is_some() {
                receivers.push(hooks);
            }
        }
        let deliveries = (!receivers.is_empty()).then(|| {
            Arc::new(Deliveries {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
                random: Arc::clone(&random),
                receivers: receivers.into_iter().map(Receiver::from).collect(),
                written: Arc::default(),
            })
        });
        let events = deliveries.as_ref().map(|deliveries| {
            let written = Arc::clone(&deliveries.written);
            EventSettings {
                kinds: plan.event_kinds,
                on_written: Some(Arc::new(move || written.notify_one())),
            }
        });
        let settings = Settings {
            session: plan.session,
            pages: plan.pages,
            landing: plan.landing,
            providers,
            allowed_origins: plan.allowed_origins,
            redirects,
            emails,
            order,
            sign_up_provider: plan.accounts.filter(|a| a.sign_up).map(|a| a.sign_up_provider_id),
            events: events.unwrap_or_default(),
            recovery,
            foreign,
            clients: plan.clients,
            tokens: plan.tokens,
            admin_keys: plan.admin_keys,
            factors: plan.factors,
            passkeys: plan.passkeys,
            audit: plan.audit,
            guesses: plan.guesses,
            ..Settings::new(plan.dialect, public, plan.secrets)
        };
        let ports = Ports {
            store: Arc::clone(&store),
            limiter: Arc::clone(&limits) as _,
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
            session_fields: plan.session_fields,
            rules,
        };
        let engine = Arc::new(Engine::new(settings, ports));
        // Before the first request: a session that was ended must not live again after a restart.
        engine.follow_changes().await.map_err(|error| store_mistake(error.to_string()))?;
        engine.maintain_keys().await.map_err(|error| store_mistake(error.to_string()))?;

        let edge = EdgeSettings {
            trusted_proxies: plan.trusted_proxies,
            development_origin: plan.development,
            theme: plan.theme,
            mailbox: has_mailbox.then_some(mailbox),
            limits: plan.edge_limits,
        };
        let auth = Auth::new(Arc::clone(&engine), edge);
        let office = post.map(|(mailer, written)| {
            let (engine, random) = (Arc::clone(&engine), Arc::clone(&random));
            Arc::new(PostOffice { engine, store, clock, random, mailer, written })
        });
        let jobs = Jobs::start(&engine, &random, hasher, limits, deliveries, office);
        Ok(Keyward::new(auth, jobs, refreshes, sqlite))
    }
}

impl BackendSettings {
    fn provider(
        self,
        http: &Arc<dyn HttpClient>,
        random: &Arc<dyn Random>,
        clock: &Arc<dyn Clock>,
    ) -> Provider {
        let (http, random, clock) = (Arc::clone(http), Arc::clone(random), Arc::clone(clock));
        let check = BackendCheck { endpoint: self.endpoint, http, random, clock };
        Provider {
            id: self.id,
            name: self.name,
            fields: self.fields,
            check: Arc::new(check),
            on_sign_in_page: true,
        }
    }
}

type Opened = (Arc<dyn Store>, Option<Arc<SqliteStore>>);

async fn open(choice: StoreChoice) -> Result<Opened, BuildError> {
    let path = match choice {
        StoreChoice::Given(store) => return Ok((store, None)),
        StoreChoice::Sqlite(path) => path,
    };
    let opened = tokio::task::spawn_blocking(move || SqliteStore::open(path, &Options::default())).await;
    match opened {
        Ok(Ok(store)) => {
            let store = Arc::new(store);
            Ok((Arc::clone(&store) as _, Some(store)))
        }
        Ok(Err(error)) => Err(Mistake::new("database.url", error.to_string(), error.remedy()).into()),
        Err(error) => Err(store_mistake(error.to_string())),
    }
}

fn store_mistake(problem: String) -> BuildError {
    Mistake::new("database.url", problem, "see that the database is there and answers, then start again")
        .into()
}
