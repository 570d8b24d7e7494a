//! Every mistake in the settings is named, with its place and a remedy.

use std::{sync::Arc, time::Duration};

use keyward::{
    AccountsSettings, Algorithm, Audience, BackendSettings, Builder, Client, CredentialsCheck, CustomPages,
    Dialect, EmailSettings, Endpoint, Freshness, Keyward, OAuthSettings, Proof, RefreshEndpoint, Refusal,
    Secret, SessionSettings, Submitted, TokenPlaces, TokenSettings, UserFields, async_trait, field, provider,
};
use keyward_testkit::MemoryStore;

const SECRET: &str = "Zr8mQ0v5X2Tn7YkLpW4sHc9bJd1fGa6e";

struct Nobody;

#[async_trait]
impl CredentialsCheck for Nobody {
    async fn check(&self, _: &Submitted) -> Result<Proof, Refusal> {
        Err(Refusal::new(keyward::Code::CredentialsSignin))
    }
}

/// Settings without a mistake.
fn right_at(url: &str, secret: &str) -> Builder {
    Keyward::builder(url, secret)
        .store(Arc::new(MemoryStore::default()))
        .accounts(AccountsSettings::default())
}

fn right() -> Builder {
    right_at("https://app.example", SECRET)
}

fn backend(id: &str, url: &str) -> BackendSettings {
    BackendSettings {
        id: id.to_owned(),
        name: id.to_owned(),
        fields: vec![field("user", "User", "text")],
        endpoint: Endpoint {
            url: url.parse().expect("a URL"),
            headers: Vec::new(),
            source: "api".to_owned(),
            timeout: Duration::from_secs(5),
            max_answer: 1 << 18,
            user: Vec::new(),
            fields: UserFields::default(),
            keep: Vec::new(),
            own_word_on_401: false,
            message: vec!["message".to_owned()],
            code: vec!["code".to_owned()],
            tokens: None,
        },
        refresh: None,
        freshness: Freshness::default(),
    }
}

/// As [`backend`], with tokens that are refreshed at `url`.
fn refreshed(url: &str, freshness: Freshness) -> BackendSettings {
    let refresh = RefreshEndpoint {
        url: url.parse().expect("a URL"),
        headers: Vec::new(),
        fields: Vec::new(),
        form: false,
        timeout: Duration::from_secs(5),
        max_answer: 1 << 18,
        tokens: TokenPlaces::default(),
        user: Vec::new(),
        message: Vec::new(),
    };
    BackendSettings { refresh: Some(refresh), freshness, ..backend("login", "https://api.example/login") }
}

#[test]
fn tokens_are_refreshed_over_http_and_a_second_try_comes_before_the_grace_is_over() {
    let freshness = |grace: Option<u64>, error: &str| Freshness {
        grace: grace.map(Duration::from_secs),
        error: error.to_owned(),
        ..Freshness::default()
    };
    let wrong = |url: &str, freshness| fields(&right().backend(refreshed(url, freshness)));
    let good = "https://api.example/refresh";
    assert_eq!(wrong(good, freshness(None, "AuthError")), [""; 0]);
    assert_eq!(wrong(good, freshness(Some(8), "AuthError")), [""; 0]);
    assert_eq!(wrong(good, freshness(Some(7), "AuthError")), ["providers[0].refresh.grace"]);
    assert_eq!(wrong(good, freshness(None, "")), ["providers[0].refresh.error"]);
    assert_eq!(wrong("ftp://api.example/", Freshness::default()), ["providers[0].refresh.endpoint"]);
    let provider = |freshness| OAuthSettings {
        refresh: Some(freshness),
        ..OAuthSettings::catalogue("github", "id", "secret")
    };
    let fields_of = |freshness| fields(&right().oauth_provider(provider(freshness)));
    assert_eq!(fields_of(Freshness::default()), [""; 0]);
    assert_eq!(fields_of(freshness(Some(12), "AuthError")), ["providers[0].refresh.grace"]);
}

/// The fields that are complained about; each complaint has a problem and a remedy.
fn fields(builder: &Builder) -> Vec<String> {
    let Err(error) = builder.check() else { return Vec::new() };
    for mistake in error.mistakes() {
        assert!(!mistake.problem.is_empty() && !mistake.remedy.is_empty(), "{mistake:?}");
        assert!(error.to_string().contains(&mistake.to_string()));
    }
    error.mistakes().iter().map(|mistake| mistake.field.clone()).collect()
}

#[test]
fn links_by_mail_need_a_server_in_production_and_a_lifetime_that_can_be_meant() {
    let links = EmailSettings::in_mailbox;
    assert_eq!(fields(&right().email_links(links())), ["providers[0].server"]);
    assert_eq!(fields(&right().development(true).email_links(links())), [""; 0]);
    for seconds in [0, 59, 31 * 24 * 60 * 60] {
        let links = EmailSettings { max_age: Duration::from_secs(seconds), ..links() };
        assert_eq!(fields(&right().development(true).email_links(links)), ["providers[0].max_age"]);
    }
    let twice = right().development(true).email_links(links()).email_links(links());
    assert_eq!(fields(&twice), ["providers[1].id"]);
}

#[test]
fn right_settings_have_none() {
    assert_eq!(fields(&right()), [""; 0]);
    assert_eq!(fields(&right_at("http://localhost:4000", SECRET)), [""; 0]);
    assert_eq!(fields(&right_at("http://127.0.0.1:4000", SECRET)), [""; 0]);
    assert_eq!(fields(&right_at("http://app.example", "x").development(true)), [""; 0]);
    let two = right().dialect(Dialect::AuthJs5).older_secret("W9w+3hVtqK1pQz0nRrYb7xJ5mCe2oLd8uGf".into());
    assert_eq!(fields(&two), [""; 0]);
    assert_eq!(fields(&right().backend(backend("login", "http://10.0.0.1/login"))), [""; 0]);
}

#[test]
fn b4_lesson_85_production_refuses_a_missing_short_or_known_secret() {
    for secret in ["", "short", "secret", "This is an example", "change-me-change-me-change-me-change-me"] {
        let builder = right_at("https://app.example", secret);
        assert_eq!(fields(&builder), ["secret"], "{secret:?}");
        let error = builder.check().expect_err("a mistake");
        assert!(error.mistakes()[0].remedy.contains("openssl rand -base64 32"));
        assert!(secret.len() < 10 || !error.to_string().contains(secret), "the secret is not repeated");
    }
    assert_eq!(fields(&right_at("https://app.example", "").development(true)), ["secret"]);
}

#[test]
fn several_secrets_are_for_generation_5_and_each_is_checked() {
    assert_eq!(fields(&right().older_secret(SECRET.into())), ["secrets"]);
    let weak = right().dialect(Dialect::AuthJs5).older_secret("changeme".into());
    assert_eq!(fields(&weak), ["secrets[1]"]);
}

#[test]
fn the_public_url_is_one_and_encrypted_unless_it_is_this_machine() {
    for bad in [
        "app.example",
        "ftp://app.example",
        "https://app.example/?x",
        "http://app.example",
        "http://10.0.0.1",
    ] {
        assert_eq!(fields(&right_at(bad, SECRET)), ["public_url"], "{bad}");
    }
    assert_eq!(fields(&right_at("https://app.example/a b", SECRET)), ["public_url"]);
    assert_eq!(fields(&right().base_path("api")), ["base_path"]);
}

#[test]
fn provider_ids_are_plain_and_each_ones_own() {
    let twice = right()
        .backend(backend("login", "https://api.example/login"))
        .provider(provider("login", "Again", [], Nobody))
        .provider(provider("credentials", "As the accounts", [], Nobody))
        .provider(provider("a/b", "Slash", [], Nobody))
        .provider(provider("", "Empty", [], Nobody));
    let expected = ["providers[1].id", "providers[2].id", "providers[3].id", "providers[4].id"];
    assert_eq!(fields(&twice), expected);
    let same =
        AccountsSettings { sign_up_provider_id: "credentials".to_owned(), ..AccountsSettings::default() };
    assert_eq!(fields(&right().accounts(same)), ["accounts.sign_up_provider_id"]);
}

#[test]
fn c5_providers_at_other_sites_are_checked_like_all_others() {
    let sound = right().oauth("github", "id", "secret").oauth("google", "id", "secret").openid(
        "acme",
        "https://id.acme.example",
        "id",
        "secret",
    );
    assert_eq!(fields(&sound), [""; 0]);

    let broken = right()
        .oauth("gitub", "id", "secret")
        .oauth("github", "", "secret")
        .oauth("keycloak", "id", "secret")
        .openid("acme", "acme", "id", "")
        .backend(backend("google", "https://api.example/login"))
        .oauth("google", "id", "secret")
        .oauth("netsuite", "id", "secret");
    let expected = [
        "providers[0].id",
        "providers[1].client_id",
        "providers[2].issuer",
        "providers[3].client_secret",
        "providers[5].id",
        "providers[6].options.account_id",
    ];
    assert_eq!(fields(&broken), expected);

    let keep = vec![
        ("accessToken".to_owned(), vec!["account".to_owned(), "access_token".to_owned()]),
        ("sub".to_owned(), vec!["profile".to_owned(), "id".to_owned()]),
        ("login".to_owned(), vec!["login".to_owned()]),
    ];
    let keeps =
        right().oauth_provider(OAuthSettings { keep, ..OAuthSettings::catalogue("github", "id", "secret") });
    assert_eq!(fields(&keeps), ["providers[0].keep.sub", "providers[0].keep.login"]);
}

#[test]
fn a_form_post_from_another_site_takes_https_or_this_machine() {
    let apple = |url| fields(&right_at(url, SECRET).development(true).oauth("apple", "id", "secret"));
    assert_eq!(apple("https://app.example"), [""; 0]);
    assert_eq!(apple("http://localhost:4000"), [""; 0]);
    assert_eq!(apple("http://app.example"), ["providers[0].id"]);
}

#[test]
fn form_fields_have_names_that_reach_the_check() {
    let form = ["user", "user", "", "csrfToken"].map(|name| field(name, name, "text"));
    let expected =
        ["providers[0].fields[1].name", "providers[0].fields[2].name", "providers[0].fields[3].name"];
    assert_eq!(fields(&right().provider(provider("own", "Own", form, Nobody))), expected);
}

#[test]
fn a_back_end_can_be_asked() {
    let mut broken = backend("login", "ftp://api.example");
    broken.endpoint.source.clear();
    broken.endpoint.timeout = Duration::ZERO;
    broken.endpoint.max_answer = 0;
    broken.endpoint.headers = vec![("x-key".to_owned(), "a\nb".into()), ("x key".to_owned(), "a".into())];
    let expected = ["endpoint", "source", "timeout", "max_answer", "headers.x-key", "headers.x key"];
    assert_eq!(fields(&right().backend(broken)), expected.map(|name| format!("providers[0].{name}")));
}

#[test]
fn the_people_of_a_back_end_are_not_those_of_a_provider_with_the_same_ids() {
    let named = |source: &str| {
        let mut api = backend("login", "https://api.example");
        api.endpoint.source = source.to_owned();
        fields(&right().backend(api).oauth("github", "id", "secret"))
    };
    assert_eq!(named("github"), ["providers[0].source"]);
    assert_eq!(named("login"), [""; 0]);
}

#[test]
fn sessions_pages_and_origins_make_sense() {
    let session = SessionSettings {
        max_age: Duration::ZERO,
        show: vec![(vec!["user".to_owned(), String::new()], "role".to_owned())],
        add: vec![(Vec::new(), true.into())],
        update: vec!["name".to_owned(), "sub".to_owned()],
        ..SessionSettings::default()
    };
    let expected =
        ["session.max_age", "session.update_age", "session.show", "session.add", "session.update.fields[1]"];
    assert_eq!(fields(&right().session(session)), expected);

    let pages = CustomPages {
        sign_in: Some("//evil.example".to_owned()),
        sign_out: Some("/\\evil.example".to_owned()),
        error: Some("https://evil.example".to_owned()),
        new_user: Some("/welcome?from=keyward".to_owned()),
        ..CustomPages::default()
    };
    assert_eq!(fields(&right().pages(pages)), ["pages.sign_in", "pages.sign_out", "pages.error"]);

    let origins =
        ["https://docs.example", "https://docs.example/", "docs.example", "null"].map(str::to_owned);
    let expected = ["allowed_origins[1]", "allowed_origins[2]", "allowed_origins[3]"];
    assert_eq!(fields(&right().allowed_origins(origins)), expected);
}

#[test]
fn tokens_for_programs_and_their_applications_make_sense() {
    let audience = |name: &str| Audience { name: name.to_owned(), ..Audience::default() };
    let api = audience("https://api.example");
    let good = TokenSettings { audiences: vec![api.clone()], ..TokenSettings::default() };
    assert_eq!(fields(&right().tokens(good.clone())), [""; 0]);
    assert_eq!(fields(&right().tokens(TokenSettings::default())), ["tokens.audiences"]);
    let wrong = TokenSettings {
        audiences: vec![
            api.clone(),
            api,
            Audience {
                scopes: ["read", "re ad", "re\"ad", ""].map(str::to_owned).to_vec(),
                lifetime: Some(Duration::ZERO),
                ..audience("with a blank")
            },
        ],
        algorithm: Algorithm::Es512,
        access_lifetime: Duration::from_secs(24 * 60 * 60 + 1),
        refresh_lifetime: Duration::ZERO,
        refresh_grace: Duration::from_secs(301),
        key_lifetime: Duration::from_secs(3599),
        allowed_origins: ["https://spa.example", "https://spa.example/", "*", "null"]
            .map(str::to_owned)
            .to_vec(),
    };
    let expected = [
        "tokens.audiences[1].name",
        "tokens.audiences[2].name",
        "tokens.audiences[2].scopes[1]",
        "tokens.audiences[2].scopes[2]",
        "tokens.audiences[2].scopes[3]",
        "tokens.audiences[2].lifetime",
        "tokens.algorithm",
        "tokens.access_lifetime",
        "tokens.refresh_lifetime",
        "tokens.refresh_grace",
        "tokens.key_lifetime",
        "tokens.allowed_origins[1]",
        "tokens.allowed_origins[2]",
        "tokens.allowed_origins[3]",
    ];
    assert_eq!(fields(&right().tokens(wrong)), expected);

    let client = |id: &str, secret: &str, audiences: &[&str], vouches_for: &[&str]| Client {
        id: id.to_owned(),
        secret: Secret::from(secret),
        audiences: audiences.iter().map(|name| (*name).to_owned()).collect(),
        vouches_for: vouches_for.iter().map(|id| (*id).to_owned()).collect(),
    };
    let api = ["https://api.example"];
    assert_eq!(fields(&right().tokens(good.clone()).client(client("shop", SECRET, &api, &[]))), [""; 0]);
    let builder = right()
        .tokens(good)
        .client(client("shop", "too short", &[], &["nobody"]))
        .client(client("shop", SECRET, &["https://other.example"], &[]))
        .client(client("public", SECRET, &[], &[]))
        .client(client("a/b", SECRET, &[], &[]));
    let expected = [
        "clients[0].secret",
        "clients[1].id",
        "clients[2].id",
        "clients[3].id",
        "clients[0].vouches_for[0]",
        "clients[1].audiences[0]",
    ];
    assert_eq!(fields(&builder), expected);
}

#[tokio::test]
async fn all_mistakes_are_told_at_once_and_nothing_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("keyward.db");
    let built = Keyward::builder("app.example", "changeme").sqlite(&database).build().await;
    let error = built.expect_err("mistakes");
    let told: Vec<_> = error.mistakes().iter().map(|mistake| mistake.field.as_str()).collect();
    assert_eq!(told, ["public_url", "secret", "providers"]);
    assert!(!database.exists());
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_a_mistake_with_a_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keyward.db");
    std::fs::write(
        &file,
        "no database at all, but long enough to have a header of one hundred bytes".repeat(4),
    )
    .expect("written");
    let builder = Keyward::builder("https://app.example", SECRET).accounts(AccountsSettings::default());
    let error = builder.sqlite(&file).build().await.expect_err("a mistake");
    assert_eq!(error.mistakes()[0].field, "database.url");
    assert!(!error.mistakes()[0].remedy.is_empty());
    assert_eq!(
        fields(&Keyward::builder("https://app.example", SECRET).accounts(AccountsSettings::default())),
        ["database.url"]
    );
}
