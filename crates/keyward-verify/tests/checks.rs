//! Tokens, good and bad, through the extractor and the layer.

use axum::body::Body;
use axum::extract::FromRef;
use axum::{Extension, Router, routing::get};
use http::header::{AUTHORIZATION, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use keyward_jose::jws::{Algorithm, MacAlgorithm, MacKey, SigningKey};
use keyward_verify::{Caller, Fault, Reason, Refusal, RequireToken, Verifier};
use proptest::prelude::*;
use serde_json::{Value, json};
use tower::{Service as _, ServiceExt as _};

const ISSUER: &str = "https://id.example/api/auth";
const AUDIENCE: &str = "orders";
/// In the year 3000: what time does to a token is tested beside the rules.
const LATER: i64 = 32_503_680_000;

fn key(algorithm: Algorithm, kid: &str) -> SigningKey {
    SigningKey::generate(algorithm).expect("memory").with_kid(kid)
}

fn verifier(keys: &[&SigningKey]) -> Verifier {
    let keys: Vec<Value> = keys.iter().map(|key| key.public_jwk().to_json()).collect();
    Verifier::with_keys(ISSUER, AUDIENCE, json!({ "keys": keys }).to_string()).expect("a verifier")
}

fn claims(over: &Value) -> Vec<u8> {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "u1", "client_id": "web", "jti": "t1", "sid": "s1",
        "iat": 1_700_000_000, "exp": LATER, "scope": "orders:read orders:write", "auth_time": 1_700_000_000,
    });
    for (name, value) in over.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims.to_string().into_bytes()
}

fn token(key: &SigningKey) -> String {
    key.sign(Some("at+jwt"), &claims(&json!({}))).expect("a token")
}

async fn fault(verifier: &Verifier, token: &str) -> Fault {
    let refusal = verifier.verify(token).await.expect_err("a refusal");
    let Reason::InvalidToken(fault) = refusal.reason() else { unreachable!("{refusal:?}") };
    *fault
}

fn request(authorization: &[&str]) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    for value in authorization {
        request.headers_mut().append(AUTHORIZATION, value.parse().expect("a header"));
    }
    request
}

async fn ask(app: &Router, authorization: &[&str]) -> Response<Body> {
    app.clone().oneshot(request(authorization)).await.expect("never fails")
}

async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn challenge(response: &Response<Body>) -> &str {
    response.headers()[WWW_AUTHENTICATE].to_str().expect("ASCII")
}

#[tokio::test]
async fn a_token_of_each_algorithm_tells_who_calls() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let key = key(algorithm, "1");
        let caller = verifier(&[&key]).verify(&token(&key)).await.expect("a caller");
        assert_eq!((caller.subject(), caller.client(), caller.token_id()), ("u1", "web", "t1"));
        assert_eq!((caller.session(), caller.organisation()), (Some("s1"), None));
        assert_eq!(caller.scopes().collect::<Vec<_>>(), ["orders:read", "orders:write"]);
        assert_eq!((caller.signed_in_at(), caller.claim("iss")), (Some(1_700_000_000), Some(&json!(ISSUER))));
        assert!(!caller.has_scope("orders") && !caller.has_scope(""));
        assert_eq!(format!("{caller:?}"), r#"Caller { subject: "u1", client: "web", .. }"#);
    }
}

#[tokio::test]
async fn only_what_says_that_it_is_an_access_token_is_one() {
    let key = key(Algorithm::Es256, "1");
    let verifier = verifier(&[&key]);
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert!(verifier.verify(&key.sign(Some(typ), &claims(&json!({}))).expect("a token")).await.is_ok());
    }
    for typ in [None, Some("JWT"), Some(""), Some("logout+jwt"), Some("at+jwt2"), Some("text/at+jwt")] {
        let token = key.sign(typ, &claims(&json!({}))).expect("a token");
        assert_eq!(fault(&verifier, &token).await, Fault::WrongType, "{typ:?}");
    }
}

#[tokio::test]
async fn the_header_can_choose_a_key_and_nothing_else() {
    let (es, rs) = (key(Algorithm::Es256, "es"), key(Algorithm::Rs256, "rs"));
    let verifier = verifier(&[&es, &rs]);

    let stranger = token(&key(Algorithm::Es256, "es"));
    assert_eq!(fault(&verifier, &stranger).await, Fault::NotAuthentic);
    let unknown = token(&key(Algorithm::Es256, "other"));
    assert_eq!(fault(&verifier, &unknown).await, Fault::UnknownKey);
    let without = SigningKey::generate(Algorithm::Es256).expect("memory");
    assert_eq!(fault(&verifier, &token(&without)).await, Fault::UnknownKey);
    // The right label, with an algorithm that is not that key's.
    let crossed = token(&key(Algorithm::Rs256, "es"));
    assert_eq!(fault(&verifier, &crossed).await, Fault::UnknownKey);

    // The published key taken as a shared secret.
    let shared = rs.public_jwk().to_json().to_string();
    let shared = MacKey::new(MacAlgorithm::Hs256, shared.as_bytes()).expect("long enough");
    let forged = keyward_jose::jws::sign(&shared, &claims(&json!({}))).expect("a token");
    assert_eq!(fault(&verifier, &forged).await, Fault::Unsupported);
    for alg in ["none", "None", "", "HS256", "ES384", "PS256"] {
        let forged = with_header(&token(&es), &json!({"alg": alg, "typ": "at+jwt", "kid": "es"}));
        assert_eq!(fault(&verifier, &forged).await, Fault::Unsupported, "{alg}");
    }
}

/// The token with another header, not signed anew.
fn with_header(token: &str, header: &Value) -> String {
    let other = SigningKey::generate(Algorithm::Es256).expect("memory");
    let encoded = other.sign(None, header.to_string().as_bytes()).expect("a token");
    let header = encoded.split('.').nth(1).expect("a payload");
    let rest = token.split_once('.').expect("parts").1;
    format!("{header}.{rest}")
}

#[tokio::test]
async fn lesson_38_claims_for_others_do_not_pass_under_a_good_signature() {
    let key = key(Algorithm::Es256, "1");
    let verifier = verifier(&[&key]);
    for (over, expected) in [
        (json!({"aud": "other"}), Fault::WrongAudience),
        (json!({"iss": "https://evil.example"}), Fault::WrongIssuer),
        (json!({"exp": 1_700_000_100}), Fault::Expired),
        (json!({"nbf": LATER}), Fault::NotYetValid),
        (json!({"iat": LATER}), Fault::NotYetValid),
        (json!({"sub": null}), Fault::Claim("sub")),
    ] {
        let token = key.sign(Some("at+jwt"), &claims(&over)).expect("a token");
        assert_eq!(fault(&verifier, &token).await, expected, "{over}");
    }
    for payload in [&b"[]"[..], b"null", br#"{"sub":"a","sub":"b"}"#] {
        let token = key.sign(Some("at+jwt"), payload).expect("a token");
        assert_eq!(fault(&verifier, &token).await, Fault::Malformed);
    }
}

#[tokio::test]
async fn lesson_34_no_changed_or_cut_token_passes() {
    let key = key(Algorithm::EdDsa, "1");
    let verifier = verifier(&[&key]);
    let good = token(&key);
    for at in 0..good.len() {
        assert!(verifier.verify(&good[..at]).await.is_err(), "cut at {at}");
        for other in ['A', '_', '.', '=', ' '] {
            let mut changed = good.clone();
            changed.replace_range(at..=at, &other.to_string());
            assert!(changed == good || verifier.verify(&changed).await.is_err(), "{other} at {at}");
        }
    }
    for more in ["A", ".", "=", ".e30"] {
        assert!(verifier.verify(&format!("{good}{more}")).await.is_err(), "{more}");
    }
}

#[tokio::test]
async fn the_extractor_answers_as_rfc_6750_says() {
    let key = key(Algorithm::Es256, "1");
    let me = async |caller: Caller| -> Result<String, Refusal> {
        caller.require_scope("orders:read")?;
        Ok(caller.subject().to_owned())
    };
    let app = Router::new().route("/", get(me)).with_state(verifier(&[&key]));
    assert_eq!(text(ask(&app, &[&format!("Bearer {}", token(&key))]).await).await, "u1");

    let poor = key.sign(Some("at+jwt"), &claims(&json!({"scope": "orders:write"}))).expect("a token");
    let old = key.sign(Some("at+jwt"), &claims(&json!({"exp": 1_700_000_100}))).expect("a token");
    let cases = [
        (String::new(), 401, r#"Bearer realm="orders""#.to_owned()),
        (
            format!("bearer {poor}"),
            400,
            "error=\"invalid_request\", error_description=\"send one Authorization header, with Bearer, one space \
             and the token\""
                .to_owned(),
        ),
        (
            format!("Bearer {old}"),
            401,
            r#"error="invalid_token", error_description="the access token has expired""#.to_owned(),
        ),
        (
            format!("Bearer {poor}"),
            403,
            "error=\"insufficient_scope\", error_description=\"the access token does not permit this\", \
             scope=\"orders:read\""
                .to_owned(),
        ),
    ];
    for (authorization, status, says) in cases {
        let values: Vec<&str> =
            [authorization.as_str()].into_iter().filter(|value| !value.is_empty()).collect();
        let response = ask(&app, &values).await;
        assert_eq!(response.status(), status, "{authorization}");
        assert!(challenge(&response).starts_with(r#"Bearer realm="orders""#), "{}", challenge(&response));
        assert!(challenge(&response).ends_with(&says), "{}", challenge(&response));
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(text(response).await, "");
    }
    let good = format!("Bearer {}", token(&key));
    assert_eq!(ask(&app, &[&good, &good]).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_caller_may_be_optional_but_a_bad_token_is_not_nobody() {
    let key = key(Algorithm::Es256, "1");
    let me = async |caller: Option<Caller>| {
        caller.map_or("nobody".to_owned(), |caller| caller.subject().to_owned())
    };
    let app = Router::new().route("/", get(me)).with_state(verifier(&[&key]));
    assert_eq!(text(ask(&app, &[]).await).await, "nobody");
    assert_eq!(text(ask(&app, &[&format!("Bearer {}", token(&key))]).await).await, "u1");
    assert_eq!(ask(&app, &["Bearer x"]).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&app, &["bearer x"]).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_layer_admits_by_scope_and_hands_the_caller_on() {
    let key = key(Algorithm::Es256, "1");
    let verifier = verifier(&[&key]);
    let me = async |Extension(caller): Extension<Caller>| caller.subject().to_owned();
    let with = |scope| {
        Router::new()
            .route("/", get(me))
            .route_layer(RequireToken::new(&verifier).scope("orders:read").scope(scope))
    };
    let good = format!("Bearer {}", token(&key));
    assert_eq!(text(ask(&with("orders:write"), &[&good]).await).await, "u1");
    let response = ask(&with("orders:delete"), &[&good]).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(challenge(&response).ends_with(r#"scope="orders:delete""#));
    assert_eq!(ask(&with("orders:write"), &[]).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_layer_stands_before_any_tower_service() {
    let key = key(Algorithm::Es256, "1");
    let inner = tower::service_fn(async |request: Request<()>| {
        let caller = request.extensions().get::<Caller>().expect("behind the layer");
        Ok::<_, std::convert::Infallible>(Response::new(caller.subject().to_owned()))
    });
    let mut service =
        tower::ServiceBuilder::new().layer(RequireToken::new(&verifier(&[&key]))).service(inner);
    let mut request = Request::new(());
    request.headers_mut().insert(AUTHORIZATION, format!("Bearer {}", token(&key)).parse().expect("a header"));
    let response = service.ready().await.expect("ready").call(request).await.expect("never fails");
    assert_eq!(response.body(), "u1");
    let response = service.ready().await.expect("ready").call(Request::new(())).await.expect("never fails");
    assert_eq!((response.status(), response.body().as_str()), (StatusCode::UNAUTHORIZED, ""));
}

#[derive(Clone)]
struct Inner(Verifier);

impl FromRef<Inner> for Verifier {
    fn from_ref(inner: &Inner) -> Self {
        inner.0.clone()
    }
}

#[tokio::test]
async fn a_caller_of_one_audience_is_not_taken_for_one_of_another() {
    let key = key(Algorithm::Es256, "1");
    let me = async |caller: Caller| caller.subject().to_owned();
    let document = json!({"keys": [key.public_jwk().to_json()]}).to_string();
    let other = Verifier::with_keys(ISSUER, "payments", document).expect("a verifier");
    let outer = RequireToken::new(&verifier(&[&key]));
    let app = Router::new().route("/", get(me)).with_state(Inner(other)).layer(outer);
    let good = format!("Bearer {}", token(&key));
    let response = ask(&app, &[&good]).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(challenge(&response).contains(r#"realm="payments""#));
}

#[tokio::test]
async fn without_keys_nothing_is_known_and_nobody_gets_in() {
    let verifier = Verifier::with_keys(ISSUER, AUDIENCE, r#"{"keys":[]}"#.to_owned()).expect("a verifier");
    let refusal = verifier.verify(&token(&key(Algorithm::Es256, "1"))).await.expect_err("a refusal");
    assert_eq!(*refusal.reason(), Reason::Unavailable);
    let response = refusal.response::<String>();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[RETRY_AFTER], "2");
    assert!(!response.headers().contains_key(WWW_AUTHENTICATE));
}

#[test]
fn a_verifier_that_could_never_let_anybody_in_is_not_made() {
    for (issuer, audience) in [
        ("https://id.example/api/auth/", "orders"),
        ("id.example/api/auth", "orders"),
        ("ftp://id.example", "orders"),
        (ISSUER, ""),
        (ISSUER, "or\nders"),
    ] {
        assert!(Verifier::new(issuer, audience).is_err(), "{issuer} {audience:?}");
    }
    assert!(Verifier::new(ISSUER, "https://api.example/").is_ok());
}

#[tokio::test]
async fn an_audience_with_quotes_stays_inside_its_challenge() {
    let verifier = Verifier::new(ISSUER, r#"a", error="\"#).expect("a verifier");
    let refusal = verifier.check(&http::HeaderMap::new()).await.expect_err("a refusal");
    assert_eq!(refusal.challenge().expect("a challenge"), r#"Bearer realm="a\", error=\"\\""#);
}

proptest! {
    #[test]
    fn any_bytes_make_an_answer(token in "\\PC{0,60}", dots in "[a-zA-Z0-9_-]{0,8}\\.[a-zA-Z0-9_-]{0,8}\\.[a-zA-Z0-9_-]{0,8}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let key = key(Algorithm::Es256, "1");
        let verifier = verifier(&[&key]);
        for token in [token, dots] {
            prop_assert!(runtime.block_on(verifier.verify(&token)).is_err());
        }
    }
}
