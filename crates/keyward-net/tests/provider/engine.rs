//! A hostile OpenID provider on this machine, through the client with its guard and the whole engine: nobody is signed
//! in, the neighbours hear nothing, and the person stands on the right page.
//!
//! Prints its table: `cargo test -p keyward-net --test provider engine -- --nocapture`.

use std::{
    net::IpAddr,
    sync::{Arc, LazyLock},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use keyward_core::{
    address::PublicUrl,
    dialect::Dialect,
    engine::{Engine, Ports},
    port::{Clock as _, HttpFault},
    reply::{Reply, ReplyBody},
    request::{Body, Method, Pairs, Request},
    secret::Secret,
    settings::{RedirectKind, RedirectProvider, Settings, SignOutScope},
};
use keyward_jose::jws::{Algorithm, SigningKey};
use keyward_net::OutgoingHttp;
use keyward_providers::{
    Cache, Entry, Provider, ProviderHttp, RedirectMethod, RedirectTools, Settings as ProviderSettings,
    attempt::Sealer,
    catalogue::ProfileFrom,
    http::{Answer, Outgoing},
};
use keyward_testkit::{FakeClock, FaultyStore, MemoryStore, NoLimits, Operation, SeededRandom};
use serde_json::{Value, json};
use url::Url;

use crate::server::{Server, answer};

const DIALECTS: [Dialect; 3] = [Dialect::NextAuth3, Dialect::NextAuth4, Dialect::AuthJs5];

/// The word of `error=` in generation 3, 4 and 5 (protocol notes §5.7).
type Words = [&'static str; 3];

const START: Words = ["OAuthSignin", "OAuthSignin", "Configuration"];
const LATER: Words = ["Callback", "OAuthCallback", "Configuration"];

/// An ID token that needs a key to be judged: `{"alg":"ES256","kid":"k1"}`.
const ID_TOKEN: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.e30.AAAA";

/// Signs the ID tokens of who is signed in, but for their profile.
static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::generate(Algorithm::Es256).expect("a key").with_kid("k1"));

/// A path where the test waits no longer than so.
const SLOW: &str = "/slow";
const PATIENCE: Duration = Duration::from_millis(300);

/// The ports of the provider, and of a neighbour that must hear nothing.
#[derive(Clone, Copy)]
struct Places {
    own: u16,
    neighbour: u16,
}

/// An attack: its name, what the provider answers at a path in place of the honest answer, what the person is told,
/// and a word of the log.
struct Attack {
    name: &'static str,
    answers: fn(&str, Places) -> Option<String>,
    words: Words,
    code: &'static str,
    detail: &'static str,
}

const fn unreachable(name: &'static str, answers: fn(&str, Places) -> Option<String>) -> Attack {
    let detail = "has to stand in the configuration";
    Attack { name, answers, words: LATER, code: "provider_unreachable", detail }
}

fn table() -> Vec<Attack> {
    vec![
        // What shows that the others would have been sent a code.
        Attack {
            name: "none: its own token endpoint refuses",
            answers: |_, _| None,
            words: LATER,
            code: "provider_token",
            detail: "invalid_grant",
        },
        unreachable("token endpoint at a neighbour's port", |path, at| {
            metadata(path, at, "token_endpoint", &format!("https://127.0.0.1:{}/token", at.neighbour))
        }),
        unreachable("token endpoint at a neighbour's port, by name", |path, at| {
            metadata(path, at, "token_endpoint", &format!("https://localhost:{}/token", at.neighbour))
        }),
        unreachable("token endpoint without TLS at a neighbour's port", |path, at| {
            metadata(path, at, "token_endpoint", &format!("http://127.0.0.1:{}/token", at.neighbour))
        }),
        unreachable("token endpoint on a private network", |path, at| {
            metadata(path, at, "token_endpoint", "https://10.0.0.1/token")
        }),
        unreachable("token endpoint at a cloud's metadata", |path, at| {
            metadata(path, at, "token_endpoint", "https://169.254.169.254/latest")
        }),
        unreachable("token endpoint on IPv6 loopback", |path, at| {
            metadata(path, at, "token_endpoint", &format!("https://[::1]:{}/token", at.neighbour))
        }),
        unreachable("token endpoint on a mapped IPv4 address", |path, at| {
            metadata(path, at, "token_endpoint", &format!("https://[::ffff:127.0.0.1]:{}/", at.neighbour))
        }),
        unreachable("token endpoint at an address as a number", |path, at| {
            metadata(path, at, "token_endpoint", &format!("https://2130706433:{}/token", at.neighbour))
        }),
        unreachable("keys on a private network", |path, at| {
            metadata(path, at, "jwks_uri", "https://192.168.0.1/keys").or_else(|| tokens(path))
        }),
        unreachable("keys at a neighbour's port", |path, at| {
            let neighbour = format!("https://127.0.0.1:{}/keys", at.neighbour);
            metadata(path, at, "jwks_uri", &neighbour).or_else(|| tokens(path))
        }),
        // What shows that the others would have been sent an access token.
        Attack {
            name: "none: its own userinfo endpoint refuses",
            answers: signed_in,
            words: LATER,
            code: "provider_userinfo",
            detail: "400",
        },
        unreachable("userinfo endpoint on a private network", |path, at| {
            metadata(path, at, "userinfo_endpoint", "https://172.16.0.1/me").or_else(|| signed_in(path, at))
        }),
        unreachable("userinfo endpoint at a cloud's metadata", |path, at| {
            let place = "https://169.254.169.254/latest/meta-data";
            metadata(path, at, "userinfo_endpoint", place).or_else(|| signed_in(path, at))
        }),
        unreachable("userinfo endpoint at a neighbour's port", |path, at| {
            let place = format!("http://127.0.0.1:{}/me", at.neighbour);
            metadata(path, at, "userinfo_endpoint", &place).or_else(|| signed_in(path, at))
        }),
        unreachable("userinfo endpoint at a neighbour's port, by name", |path, at| {
            let place = format!("https://localhost:{}/me", at.neighbour);
            metadata(path, at, "userinfo_endpoint", &place).or_else(|| signed_in(path, at))
        }),
        Attack {
            name: "a profile that redirects to a neighbour",
            answers: |path, at| {
                if path == "/userinfo" { Some(redirect(302, at)) } else { signed_in(path, at) }
            },
            words: LATER,
            code: "provider_userinfo",
            detail: "302",
        },
        Attack {
            name: "discovery that redirects to a neighbour",
            answers: |path, at| (path != "/token").then(|| redirect(302, at)),
            words: START,
            code: "provider_discovery",
            detail: "302",
        },
        Attack {
            name: "discovery without end",
            answers: |_, _| Some(answer(200, "application/json", &" ".repeat(600_000))),
            words: START,
            code: "provider_unreachable",
            detail: "larger than",
        },
        Attack {
            name: "a token answer that redirects to a neighbour",
            answers: |path, at| (path == "/token").then(|| redirect(307, at)),
            words: LATER,
            code: "provider_token",
            detail: "307",
        },
        Attack {
            name: "a token answer without end",
            answers: |path, _| {
                (path == "/token").then(|| answer(200, "application/json", &" ".repeat(600_000)))
            },
            words: LATER,
            code: "provider_unreachable",
            detail: "larger than",
        },
        Attack {
            name: "keys that redirect to a neighbour",
            answers: |path, at| if path == "/keys" { Some(redirect(302, at)) } else { tokens(path) },
            words: LATER,
            code: "provider_discovery",
            detail: "302",
        },
        Attack {
            name: "a token answer that does not come",
            answers: |path, at| {
                if path == SLOW {
                    thread::sleep(2 * PATIENCE);
                }
                metadata(path, at, "token_endpoint", &format!("http://127.0.0.1:{}{SLOW}", at.own))
            },
            words: LATER,
            code: "provider_unreachable",
            detail: "no answer within",
        },
    ]
}

#[tokio::test]
async fn lesson_70_lesson_71_c5_a_provider_that_leads_astray_ends_on_its_page() {
    println!("{:50} {:22} {:14} {:14} v5", "", "code", "v3", "v4");
    for Attack { name, answers, words, code, detail } in table() {
        for (dialect, word) in DIALECTS.into_iter().zip(words) {
            let neighbour = Server::answering(|_| answer(200, "application/json", "{}"));
            let provider = provider(answers, neighbour.port);
            let site = Site::of(&format!("http://127.0.0.1:{}", provider.port), dialect);
            let mut browser = Browser { site: &site, cookies: Vec::new() };
            let (place, logged) = browser.sign_in().await;

            let told = format!("{name} {dialect:?}: {logged:?}");
            assert_eq!(place, format!("https://app.test/api/auth/error?error={word}&code={code}"), "{told}");
            let (logged_code, because) = logged.expect("a line for the log");
            let because = because.expect("a cause");
            assert_eq!(logged_code, code, "{told}");
            assert!(because.contains(detail) && !because.contains("the-"), "{told}");
            assert_eq!(browser.get("session").await.0["user"], Value::Null, "{told}");
            assert_eq!(site.store.calls(Operation::Admit), 0, "{told}");
            assert!(!browser.cookies.iter().any(|(name, _)| name.contains("keyward.attempt.")), "{told}");
            assert_eq!(neighbour.connected(), 0, "{told}");
        }
        let [three, four, five] = words;
        println!("{name:50} {code:22} {three:14} {four:14} {five}");
    }
}

/// A provider that answers honestly, but refuses codes, where the attack has no other answer.
fn provider(answers: fn(&str, Places) -> Option<String>, neighbour: u16) -> Server {
    Server::own_port(move |path, own| {
        let at = Places { own, neighbour };
        let honest = || metadata(path, at, "jwks_uri", &format!("http://127.0.0.1:{own}/keys"));
        let refused = || answer(400, "application/json", r#"{"error":"invalid_grant"}"#);
        answers(path, at).or_else(honest).unwrap_or_else(refused)
    })
}

/// The metadata, if it is asked for, with one address elsewhere.
fn metadata(path: &str, at: Places, name: &str, address: &str) -> Option<String> {
    let own = format!("http://127.0.0.1:{}", at.own);
    let mut all = json!({
        "issuer": own,
        "authorization_endpoint": format!("{own}/authorize"),
        "token_endpoint": format!("{own}/token"),
        "userinfo_endpoint": format!("{own}/userinfo"),
        "jwks_uri": format!("{own}/keys"),
    });
    all[name] = address.into();
    (path == "/.well-known/openid-configuration").then(|| answer(200, "application/json", &all.to_string()))
}

/// Tokens, if they are asked for.
fn tokens(path: &str) -> Option<String> {
    let tokens = json!({"access_token": "the-token", "token_type": "Bearer", "id_token": ID_TOKEN});
    (path == "/token").then(|| answer(200, "application/json", &tokens.to_string()))
}

/// Keys and good tokens, if they are asked for: only the profile is missing.
fn signed_in(path: &str, at: Places) -> Option<String> {
    let now = FakeClock::default().now().secs();
    let claims = json!({
        "iss": format!("http://127.0.0.1:{}", at.own), "aud": "client", "sub": "ada", "iat": now, "exp": now + 300,
    });
    let json = match path {
        "/keys" => json!({"keys": [KEY.public_jwk().to_json()]}),
        "/token" => {
            let id_token = KEY.sign(None, claims.to_string().as_bytes()).expect("signed");
            json!({"access_token": "the-token", "token_type": "Bearer", "id_token": id_token})
        }
        _ => return None,
    };
    Some(answer(200, "application/json", &json.to_string()))
}

fn redirect(status: u16, at: Places) -> String {
    let place = format!("http://127.0.0.1:{}/stolen", at.neighbour);
    format!("HTTP/1.1 {status} X\r\nlocation: {place}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}

/// The client as it is, but for [`SLOW`].
struct Impatient(OutgoingHttp);

#[async_trait]
impl ProviderHttp for Impatient {
    async fn send(&self, request: Outgoing) -> Result<Answer, HttpFault> {
        let timeout = if request.url.path() == SLOW { PATIENCE } else { request.timeout };
        self.0.send(Outgoing { timeout, ..request }).await
    }
}

struct Site {
    engine: Engine,
    store: Arc<FaultyStore<MemoryStore>>,
}

impl Site {
    /// A deployment with one provider.
    fn of(issuer: &str, dialect: Dialect) -> Self {
        let settings = ProviderSettings {
            client_id: "client".to_owned(),
            client_secret: Some(Secret::from("the-secret")),
            issuer: Some(issuer.to_owned()),
            profile_from: Some(ProfileFrom::Userinfo),
            // The server hears nothing of the request in which the browser would bring it one.
            nonce: Some(false),
            ..ProviderSettings::default()
        };
        let provider = Provider::new("op", &Entry::openid("op", "Op"), settings).expect("settings");
        let secrets = vec![Secret::from("keyward-test-secret-0123456789abcdef")];
        let store = Arc::new(FaultyStore::new(MemoryStore::default()));
        let (clock, random) = (Arc::new(FakeClock::default()), Arc::new(SeededRandom::default()));
        let tools = RedirectTools {
            http: Arc::new(Impatient(OutgoingHttp::new())),
            cache: Arc::new(Cache::default()),
            clock: clock.clone(),
            random: random.clone(),
            sealer: Arc::new(Sealer::new(&secrets)),
        };
        let public = PublicUrl::new("https://app.test", "/api/auth").expect("an address");
        let mut settings = Settings::new(dialect, public, secrets);
        settings.redirects = vec![RedirectProvider {
            id: "op".to_owned(),
            name: "Op".to_owned(),
            kind: RedirectKind::Oidc,
            on_sign_in_page: true,
            answers_by_post: false,
            sign_out: SignOutScope::Local,
            allow_dangerous_email_account_linking: false,
            keep: Vec::new(),
            brand: None,
            way: Arc::new(RedirectMethod::new(provider, tools)),
        }];
        let ports = Ports {
            store: store.clone(),
            limiter: Arc::new(NoLimits),
            clock,
            random,
            session_fields: None,
            rules: Vec::new(),
        };
        Self { engine: Engine::new(settings, ports), store }
    }
}

struct Browser<'s> {
    site: &'s Site,
    cookies: Vec<(String, String)>,
}

impl Browser<'_> {
    /// Sets out and, where that leads to the provider, comes back with a code: where the person is then, and what the
    /// log says.
    async fn sign_in(&mut self) -> (String, Option<(&'static str, Option<String>)>) {
        let csrf = self.get("csrf").await.0["csrfToken"].as_str().expect("a token").to_owned();
        let form = [("csrfToken", csrf.as_str()), ("json", "true"), ("callbackUrl", "/dash")];
        let form = Pairs(form.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
        let (start, reply) = self.send(Method::Post, "signin/op", Pairs::default(), Body::Form(form)).await;
        let place: Url = start["url"].as_str().expect("a url").parse().expect("absolute");
        let Some((_, state)) = place.query_pairs().find(|(name, _)| name == "state") else {
            return (place.to_string(), reply.refused);
        };
        let response =
            vec![("code".to_owned(), "the-code".to_owned()), ("state".to_owned(), state.into_owned())];
        let (_, reply) = self.send(Method::Get, "callback/op", Pairs(response), Body::None).await;
        let location = reply.headers.iter().find(|(name, _)| *name == "location");
        (location.expect("a redirect").1.to_string(), reply.refused)
    }

    async fn get(&mut self, path: &str) -> (Value, Reply) {
        self.send(Method::Get, path, Pairs::default(), Body::None).await
    }

    /// The reply, and its JSON where it has some.
    async fn send(&mut self, method: Method, path: &str, query: Pairs, body: Body) -> (Value, Reply) {
        let settings = self.site.engine.settings();
        let reply = self.site.engine.answer(Request {
            method,
            path: path.split('/').map(str::to_owned).collect(),
            query,
            body,
            cookies: Pairs(self.cookies.clone()),
            json_header: method == Method::Post && settings.dialect == Dialect::AuthJs5,
            public: settings.public.clone(),
            client: IpAddr::from([127, 0, 0, 1]),
            user_agent: None,
            authorization: None,
        });
        let reply = reply.await;
        for cookie in &reply.cookies {
            let (name, rest) = cookie.split_once('=').expect("name=value");
            self.cookies.retain(|(other, _)| other != name);
            if !rest.contains("Max-Age=0") {
                let value = rest.split(';').next().expect("a value");
                let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
                self.cookies.push((name.to_owned(), value));
            }
        }
        let json = match &reply.body {
            ReplyBody::Json(text) => serde_json::from_str(text).expect("JSON"),
            _ => Value::Null,
        };
        (json, reply)
    }
}
