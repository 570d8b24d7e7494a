//! What differs between honest providers, and what never does.

use std::{collections::BTreeMap, time::Duration};

use keyward_core::{port::HttpFault, request::Pairs, secret::Secret};
use keyward_jose::{
    jwk::Jwk,
    jws::{self, Algorithm, MacAlgorithm, MacKey, SigningKey},
    jwt::parse_claims,
};
use keyward_providers::{
    Code, Entry, Identity, Provider, Settings,
    authorization::authorization_url,
    catalogue::{self, ClientAuthMethod as Method},
    checks::Checks,
};
use serde_json::{Value, json};

use crate::{
    hostile::op::{ISSUER, Op, Signed, pair},
    support::REDIRECT,
};

#[tokio::test]
async fn c5_the_account_has_the_tokens_and_the_key() {
    let mut op = Op::honest();
    op.token.1["expires_in"] = json!(60);
    op.token.1["refresh_token"] = json!("rt");
    let identity = op.sign_in().await.expect("signed in");
    let account = identity.account();
    for (name, value) in [
        ("provider", json!("op")),
        ("type", json!("oidc")),
        ("providerAccountId", json!("ada")),
        ("access_token", json!("at")),
        ("refresh_token", json!("rt")),
        ("token_type", json!("bearer")),
        ("expires_at", json!(op.claims["iat"].as_i64().expect("a time") + 60)),
    ] {
        assert_eq!(account[name], value, "{name}");
    }
    let shown = format!("{identity:?}");
    assert!(!shown.contains("\"at\"") && !shown.contains("\"rt\""), "{shown}");
}

#[tokio::test]
async fn rotated_keys_are_found_and_forged_tokens_make_no_storm() {
    let mut op = Op::honest();
    op.sign_in().await.expect("signed in");
    op.sign_in().await.expect("signed in");
    assert_eq!((op.asked("/keys"), op.asked("/.well-known/openid-configuration")), (1, 1));

    // An RSA key, to have seen one.
    op.key = SigningKey::generate(Algorithm::Rs256).expect("a key").with_kid("k2");
    op.keys.1 = json!({"keys": [op.key.public_jwk().to_json()]});
    op.clock.advance(Duration::from_secs(31));
    op.sign_in().await.expect("signed in with the new key");
    assert_eq!(op.asked("/keys"), 2);

    op.signed = Signed::ByAnUnknownKey;
    for _ in 0..5 {
        assert_eq!(op.refusal().await.0, Code::IdToken);
    }
    assert_eq!(op.asked("/keys"), 2, "asked again within thirty seconds");

    op.signed = Signed::Honestly;
    op.clock.advance(Duration::from_secs(3600));
    assert_eq!(op.refusal().await.1.split(':').next(), Some("exp_past"));
    assert_eq!((op.asked("/keys"), op.asked("/.well-known/openid-configuration")), (3, 2));
}

#[tokio::test]
async fn invariant_13_addresses_of_other_sites_are_marked_as_learned_and_configured_ones_are_not() {
    for (place, is_learned) in
        [("https://op.example", false), ("https://10.0.0.1", true), ("https://op.example:8443", true)]
    {
        let mut op = Op::honest().asked_by_userinfo();
        for (name, path) in
            [("token_endpoint", "token"), ("jwks_uri", "keys"), ("userinfo_endpoint", "userinfo")]
        {
            op.metadata.1[name] = json!(format!("{place}/{path}"));
        }
        op.sign_in().await.expect("the port decides, and this one allows all");
        let calls = op.calls.lock().expect("a lock");
        let learned: BTreeMap<&str, bool> =
            calls.iter().map(|call| (call.url.path(), call.learned)).collect();
        let wanted = [
            ("/.well-known/openid-configuration", false),
            ("/token", is_learned),
            ("/keys", is_learned),
            ("/userinfo", is_learned),
        ];
        assert_eq!(learned, BTreeMap::from(wanted), "{place}");
    }
}

#[tokio::test]
async fn a_provider_that_signs_with_the_client_secret_needs_no_keys_address() {
    let mut op = Op::honest();
    op.entry.id_token_alg = Some("HS256".to_owned());
    op.settings.client_secret = Some(Secret::from("a client secret of forty bytes, at least"));
    op.metadata.1["jwks_uri"] = json!(null);
    // The way there is free; it ends at a token that another key has signed.
    assert_eq!(op.refusal().await.0, Code::IdToken);
    assert_eq!(op.asked("/token"), 1);
}

#[tokio::test]
async fn each_client_authentication_says_who_we_are() {
    let secret = "a client secret of forty bytes, at least";
    let private = r#"{"kty":"EC","crv":"P-256","kid":"own",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;
    for method in [
        Method::ClientSecretBasic,
        Method::ClientSecretPost,
        Method::ClientSecretJwt,
        Method::PrivateKeyJwt,
        Method::None,
    ] {
        let mut op = Op::honest();
        op.settings.client_auth = Some(method);
        op.settings.client_secret = Some(Secret::from(secret));
        op.settings.private_key = Some(Secret::from(private));
        op.sign_in().await.expect("signed in");

        let form: BTreeMap<String, String> = op.token_form().into_iter().collect();
        assert_eq!(form["grant_type"], "authorization_code");
        assert_eq!(form["redirect_uri"], REDIRECT);
        assert_eq!(form["code"], "c");
        assert_eq!(form["code_verifier"].len(), 43);
        let in_header = op.calls.lock().expect("a lock").iter().any(|call| {
            call.url.path() == "/token" && call.headers.iter().any(|(name, _)| name == "Authorization")
        });
        assert_eq!(in_header, method == Method::ClientSecretBasic, "{method:?}");
        assert_eq!(form.contains_key("client_id"), method != Method::ClientSecretBasic, "{method:?}");
        assert_eq!(form.contains_key("client_secret"), method == Method::ClientSecretPost, "{method:?}");

        let payload = form.get("client_assertion").map(|assertion| match method {
            Method::ClientSecretJwt => {
                let key = MacKey::new(MacAlgorithm::Hs256, secret.as_bytes()).expect("a key");
                jws::verify(&key, assertion).expect("signed with the secret")
            }
            _ => {
                let key = Jwk::parse(private.as_bytes()).expect("a key");
                let key = key.verifying_key(Algorithm::Es256).expect("a key");
                key.verify(assertion).expect("signed with the private key")
            }
        });
        let signs = matches!(method, Method::ClientSecretJwt | Method::PrivateKeyJwt);
        assert_eq!(payload.is_some(), signs, "{method:?}");
        if let Some(payload) = payload {
            let claims = parse_claims(&payload).expect("claims");
            assert_eq!((&claims["iss"], &claims["sub"]), (&json!("client"), &json!("client")));
            assert_eq!(claims["aud"], json!([ISSUER, format!("{ISSUER}/token")]));
            assert!(claims["exp"].as_i64() > claims["iat"].as_i64() && claims["jti"].is_string());
        }
    }
}

#[tokio::test]
async fn microsofts_common_issuer_admits_each_tenant_as_itself_alone() {
    let tenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let issuer = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
    let entra = |tid: Value, iss: &str| {
        let mut op = Op::honest();
        op.entry = catalogue::find("microsoft-entra-id").expect("in the catalogue").clone();
        op.settings.issuer = None;
        op.metadata.1["issuer"] = json!(issuer("{tenantid}"));
        op.metadata.1["authorization_response_iss_parameter_supported"] = json!(false);
        op.response.truncate(2);
        op.claims["iss"] = json!(iss);
        op.claims["tid"] = tid;
        op
    };
    let mut op = entra(json!(tenant), &issuer(tenant));
    assert_eq!(op.sign_in().await.expect("signed in").profile.id, "ada");
    op.response.push(pair("iss", &issuer(tenant)));
    op.sign_in().await.expect("signed in");
    op.response[2].1 = issuer("../evil");
    assert_eq!(op.refusal().await.0, Code::BadIssuer);

    let other = "00000000-6c67-4c5b-b112-36a304b66dad";
    for (tid, iss) in [
        (json!(other), issuer(tenant)),
        (json!(null), issuer(tenant)),
        (json!(tenant), issuer("common")),
        (json!("{tenantid}"), issuer("{tenantid}")),
        (json!(tenant), "https://evil.example".to_owned()),
    ] {
        assert_eq!(entra(tid.clone(), &iss).refusal().await.0, Code::IdToken, "{tid} {iss}");
    }

    // One tenant is configured: no other signs in.
    let mut op = entra(json!(other), &issuer(other));
    op.settings.issuer = Some(issuer(tenant));
    op.metadata.1["issuer"] = json!(issuer(tenant));
    assert_eq!(op.refusal().await.0, Code::IdToken);
}

#[tokio::test]
async fn c5_any_other_oauth_server_is_its_endpoints_and_a_mapping() {
    let mut op = Op::honest();
    op.entry = Entry::oauth("op", "The server");
    let at = |path: &str| Some(format!("{ISSUER}/{path}"));
    op.settings.authorization_endpoint = at("authorize");
    op.settings.token_endpoint = at("token");
    op.settings.userinfo_endpoint = at("userinfo");
    op.settings.issuer = None;
    op.settings.profile = serde_json::from_value(json!({"id": "user.no", "name": "user.nick"})).ok();
    op.userinfo.1 = json!({"user": {"no": 7, "nick": "ada"}, "email": "not-mapped@example.com"});
    // An ID token that nobody asked for is no proof of anything.
    op.signed = Signed::Not;

    let (code, detail) = op.refusal().await;
    assert_eq!(code, Code::BadIssuer);
    assert!(detail.ends_with("set `issuer`"), "{detail}");

    op.settings.issuer = Some(ISSUER.to_owned());
    let profile = op.sign_in().await.expect("signed in").profile;
    assert_eq!((profile.id.as_str(), profile.name.as_deref(), profile.email), ("7", Some("ada"), None));
    assert_eq!(op.asked("/.well-known/openid-configuration"), 0);

    op.userinfo.1 = json!({"user": {"nick": "ada"}});
    assert_eq!(op.refusal().await.0, Code::Profile);
}

#[test]
fn a_sign_in_request_sets_what_it_may_and_nothing_of_ours() {
    let op = Op::honest();
    let provider = op.provider();
    let endpoint = "https://op.example/authorize?own=1&scope=own&state=own".parse().expect("an address");
    let checks = Checks::draw(&provider, &op.random);
    let url = |asked: &[(&str, &str)]| {
        let asked = Pairs(asked.iter().map(|(name, value)| pair(name, value)).collect());
        authorization_url(&provider, &endpoint, REDIRECT, &checks, &asked)
    };
    let query: BTreeMap<String, String> =
        url(&[("prompt", "login"), ("scope", "openid")]).expect("built").query_pairs().into_owned().collect();
    let challenge = checks.code_challenge().expect("PKCE is on");
    for (name, value) in [
        ("own", "1"),
        ("prompt", "login"),
        ("scope", "openid"),
        ("response_type", "code"),
        ("client_id", "client"),
        ("redirect_uri", REDIRECT),
        ("state", checks.state.as_str()),
        ("nonce", checks.nonce.as_deref().expect("a nonce")),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(query[name], value, "{name}");
    }
    assert_eq!(query.len(), 10);

    for name in [
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "request",
        "request_uri",
        "client_secret",
    ] {
        assert_eq!(url(&[(name, "x")]).map_err(|fault| fault.code), Err(Code::BadRequest), "{name}");
    }
    assert_eq!(url(&[("prompt", "a"), ("prompt", "b")]).map_err(|fault| fault.code), Err(Code::BadRequest));
}

#[test]
fn c5_settings_say_what_they_lack() {
    let settings = || Settings {
        client_id: "client".to_owned(),
        client_secret: Some(Secret::from("secret")),
        ..Settings::default()
    };
    let fault = |id: &str, settings: Settings| {
        let entry = match id {
            "own-oauth" => Entry::oauth(id, id),
            "own-openid" => Entry::openid(id, id),
            _ => catalogue::find(id).expect("in the catalogue").clone(),
        };
        Provider::new(id, &entry, settings).map(|_| ()).map_err(|fault| fault.to_string()).err()
    };
    let with = |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        settings
    };
    for (id, settings, wanted) in [
        ("google", settings(), None),
        ("google", with(|s| s.client_id.clear()), Some("client_id is missing")),
        ("google", with(|s| s.client_secret = None), Some("client_secret is missing")),
        ("keycloak", settings(), Some("issuer is missing")),
        (
            "keycloak",
            with(|s| s.issuer = Some("realm".to_owned())),
            Some("issuer is no http or https address"),
        ),
        ("keycloak", with(|s| s.issuer = Some("https://id.example/realms/x".to_owned())), None),
        ("mastodon", settings(), Some("issuer is missing")),
        ("netsuite", settings(), Some("the option `account_id` is missing")),
        (
            "github",
            with(|s| s.options = BTreeMap::from([("base".to_owned(), Secret::default())])),
            Some("there is no option `base`"),
        ),
        (
            "github",
            with(|s| s.token_endpoint = Some("ftp://x".to_owned())),
            Some("token_endpoint is no http or https address"),
        ),
        ("own-openid", settings(), Some("issuer is missing")),
        ("own-oauth", settings(), Some("authorization_endpoint is missing")),
        (
            "own-oauth",
            with(|s| {
                s.authorization_endpoint = Some("https://x.example/a".to_owned());
                s.token_endpoint = Some("https://x.example/t".to_owned());
            }),
            Some("userinfo_endpoint is missing"),
        ),
        (
            "own-oauth",
            with(|s| {
                s.authorization_endpoint = Some("https://x.example/a".to_owned());
                s.token_endpoint = Some("https://x.example/t".to_owned());
                s.userinfo_endpoint = Some("https://x.example/me".to_owned());
            }),
            None,
        ),
    ] {
        let wanted = wanted.map(|what| format!("provider `{id}`: {what}"));
        assert_eq!(fault(id, settings), wanted, "{id}");
    }
}

#[tokio::test]
async fn a1_a_broken_list_of_addresses_refuses_and_one_that_was_not_granted_is_gone_without() {
    let list = json!([{"email": "ada@example.com", "primary": true, "verified": true}]);
    for (emails, wanted) in [
        ((200, list.clone()), Ok(Some("ada@example.com".to_owned()))),
        ((200, json!([])), Ok(None)),
        ((403, json!({"message": "Resource not accessible"})), Ok(None)),
        ((404, json!({"message": "Not Found"})), Ok(None)),
        ((500, list), Err(Code::Userinfo)),
        ((302, json!("")), Err(Code::Userinfo)),
        ((200, json!("<html>")), Err(Code::Userinfo)),
        ((200, json!({"email": "ada@example.com"})), Err(Code::Userinfo)),
        ((200, json!(["ada@example.com"])), Err(Code::Userinfo)),
    ] {
        let mut op = Op::github(None);
        op.emails = emails.clone();
        let email = op.sign_in().await.map(|identity| identity.profile.email).map_err(|fault| fault.code);
        assert_eq!(email, wanted, "{emails:?}");
    }
}

#[tokio::test]
async fn a1_a_public_address_stays_and_its_proof_is_what_the_list_says_of_that_very_one() {
    let shown = "Ada@Example.com";
    let of = |email: &str, verified: bool| json!({"email": email, "verified": verified});
    let primary = json!({"email": "primary@example.com", "primary": true, "verified": true});
    let proven = |verified| Ok((Some("ada@example.com".to_owned()), verified));
    for (emails, wanted) in [
        ((200, json!([primary, of("ada@example.com", true)])), proven(Some(true))),
        ((200, json!([primary, of("ADA@EXAMPLE.COM", true)])), proven(Some(true))),
        ((200, json!([primary, of("ada@example.com", false)])), proven(Some(false))),
        // Of another address nothing follows, neither by a ligature nor by a space.
        ((200, json!([primary])), proven(None)),
        ((200, json!([of("\u{ff41}da@example.com", true), of(" ada@example.com", true)])), proven(None)),
        ((200, json!([{"email": "ada@example.com"}])), proven(None)),
        ((200, json!([{"email": "ada@example.com", "verified": "true"}])), proven(None)),
        ((200, json!([])), proven(None)),
        ((401, json!({})), proven(None)),
        ((403, json!({"message": "Resource not accessible"})), proven(None)),
        ((404, json!({"message": "Not Found"})), proven(None)),
        ((500, json!([of("ada@example.com", true)])), Err(Code::Userinfo)),
        ((302, json!("")), Err(Code::Userinfo)),
        ((200, json!("<html>")), Err(Code::Userinfo)),
        ((200, json!({"email": "ada@example.com", "verified": true})), Err(Code::Userinfo)),
    ] {
        let mut op = Op::github(Some(shown));
        op.emails = emails.clone();
        let identity = op.sign_in().await.map_err(|fault| fault.code);
        let told = identity.map(|Identity { profile, .. }| (profile.email, profile.email_verified));
        assert_eq!(told, wanted, "{emails:?}");
        assert_eq!(op.asked("/api/user/emails"), 1, "{emails:?}");
    }

    let mut op = Op::github(Some(shown));
    op.fault = Some(("/emails", HttpFault::Unreachable("cut".to_owned())));
    assert_eq!(op.refusal().await.0, Code::Unreachable);

    // A server that says itself whether it verified the address is asked nothing more.
    let mut op = Op::github(None);
    op.userinfo.1 = json!({"id": 1, "email": shown, "email_verified": false});
    let profile = op.sign_in().await.expect("signed in").profile;
    assert_eq!((profile.email_verified, op.asked("/api/user/emails")), (Some(false), 0));
}
