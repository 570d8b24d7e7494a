//! Rules that are asked over HTTP (A1, A2).

use std::{sync::Arc, time::Duration};

use keyward_core::{
    claims::Claims,
    error::{Code, Said},
    event::{Event, Events},
    port::{HttpAnswer, HttpFault},
    rules::{
        Candidate, Rules, Trigger, Verdict,
        hook::{HookSettings, Hooks},
        webhook::WebhookKey,
    },
    secret::Secret,
};
use keyward_testkit::{FakeClock, ScriptedHttp, SeededRandom};
use serde_json::{Map, Value, json};

struct Room {
    http: Arc<ScriptedHttp>,
    hooks: Hooks,
}

fn room() -> Room {
    let url = |path: &str| Some(format!("http://127.0.0.1:9/{path}").parse().expect("an address"));
    let key = WebhookKey::parse(&Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    let settings = HookSettings {
        sign_in: url("sign-in"),
        profile_exchange: url("exchange"),
        jwt: url("jwt"),
        session: url("session"),
        redirect: url("redirect"),
        events: url("events"),
        keys: vec![key.expect("a key")],
        timeout: Duration::from_secs(3),
        max_answer: 1024,
    };
    let http = Arc::new(ScriptedHttp::default());
    let hooks = Hooks {
        settings,
        http: http.clone(),
        clock: Arc::new(FakeClock::default()),
        random: Arc::new(SeededRandom::default()),
    };
    Room { http, hooks }
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

fn from_github() -> Candidate {
    Candidate {
        user: members(&json!({"id": "583231", "name": "Ada", "email": "ada@example.com"})),
        account: members(&json!({"provider": "github", "type": "oauth", "providerAccountId": "583231"})),
        profile: Some(json!({"id": 583_231, "login": "ada"})),
        ..Candidate::default()
    }
}

#[tokio::test]
async fn a1_the_exchange_gets_user_account_and_profile_and_its_user_is_merged() {
    let Room { http, hooks } = room();
    http.json(200, &json!({"allow": true}));
    http.json(200, &json!({"allow": true, "user": {"name": "Ada L.", "accessToken": "of-the-api-server"}}));
    let verdict = hooks.sign_in(&from_github()).await;
    let user = members(&json!({"name": "Ada L.", "accessToken": "of-the-api-server"}));
    assert_eq!(verdict, Ok(Verdict::Allow(user)));

    let calls = http.calls();
    let bodies: Vec<Value> =
        calls.iter().map(|call| serde_json::from_str(call.body.expose()).expect("JSON")).collect();
    assert_eq!(bodies[0]["type"], "sign_in");
    assert_eq!(bodies[1]["type"], "profile_exchange");
    assert_eq!(bodies[1]["data"]["user"]["id"], "583231");
    assert_eq!(bodies[1]["data"]["account"]["provider"], "github");
    assert_eq!(bodies[1]["data"]["profile"]["login"], "ada");
    for call in &calls {
        let names: Vec<_> = call.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["webhook-id", "webhook-timestamp", "webhook-signature"]);
    }
    assert_ne!(calls[0].headers[0].1.expose(), calls[1].headers[0].1.expose(), "each request has its own id");
}

#[tokio::test]
async fn a1_without_a_profile_nothing_is_exchanged() {
    let Room { http, hooks } = room();
    http.json(200, &json!({"allow": true}));
    let candidate = Candidate { profile: None, ..from_github() };
    assert_eq!(hooks.sign_in(&candidate).await, Ok(Verdict::allow()));
    assert_eq!(http.calls().len(), 1);
}

#[tokio::test]
async fn a_hook_denies_or_sends_elsewhere_and_the_exchange_is_not_asked_then() {
    let Room { http, hooks } = room();
    http.json(200, &json!({"allow": false, "user": {"id": "x"}}));
    http.json(200, &json!({"redirect": "/finish-your-profile", "allow": true}));
    assert_eq!(hooks.sign_in(&from_github()).await, Ok(Verdict::Deny));
    let redirect = Verdict::Redirect("/finish-your-profile".to_owned());
    assert_eq!(hooks.sign_in(&from_github()).await, Ok(redirect));
    assert_eq!(http.calls().len(), 2);
}

/// Answers that are none: each is refused, with the code that says why.
#[tokio::test]
async fn what_is_no_answer_lets_nobody_in() {
    let json = |status, body: Value| Ok(HttpAnswer { status, body: body.to_string().into_bytes() });
    let text = |status, body: &str| Ok(HttpAnswer { status, body: body.as_bytes().to_vec() });
    let rows = [
        (Err(HttpFault::Timeout(Duration::from_secs(3))), Code::HookUnavailable),
        (Err(HttpFault::Unreachable("refused".to_owned())), Code::HookUnavailable),
        (text(200, &" ".repeat(2000)), Code::HookWrongAnswer),
        (text(200, ""), Code::HookWrongAnswer),
        (text(200, "true"), Code::HookWrongAnswer),
        (text(200, "<html>ok</html>"), Code::HookWrongAnswer),
        (json(200, json!({})), Code::HookWrongAnswer),
        (json(200, json!({"allow": "true"})), Code::HookWrongAnswer),
        (json(200, json!({"allow": 1})), Code::HookWrongAnswer),
        (json(200, json!({"allow": true, "user": "ada"})), Code::HookWrongAnswer),
        (json(200, json!({"redirect": 7})), Code::HookWrongAnswer),
        (json(201, json!({"allow": true})), Code::HookUnavailable),
        (json(302, json!({"allow": true})), Code::HookUnavailable),
        (json(500, json!({"allow": true})), Code::HookUnavailable),
        (json(401, json!({"allow": true})), Code::HookRefused),
    ];
    for (answer, code) in rows {
        let Room { http, hooks } = room();
        let shown = format!("{answer:?}");
        http.answer(answer);
        let refusal = hooks.sign_in(&from_github()).await.expect_err("a refusal");
        assert_eq!(refusal.code, code, "{shown}");
        assert!(refusal.detail.is_some_and(|detail| detail.starts_with("hook sign_in: ")), "{shown}");
    }
}

/// The same of those who are asked about tokens, sessions and landing places.
#[tokio::test]
async fn what_is_no_token_no_session_and_no_address_is_refused() {
    let json = |status, body: Value| Ok(HttpAnswer { status, body: body.to_string().into_bytes() });
    let no_object = |name: &str| {
        let bodies =
            [json!({}), json!({name: null}), json!({name: "x"}), json!({name: [{}]}), json!({name: true})];
        bodies.map(|body| (json(200, body), Code::HookWrongAnswer, format!("its `{name}` is no object")))
    };
    let no_text = [json!({}), json!({"url": null}), json!({"url": 7}), json!({"url": ["/a"]})]
        .map(|body| (json(200, body), Code::HookWrongAnswer, "its `url` is no text".to_owned()));
    let of_all = || {
        let good = json!({"token": {}, "session": {}, "url": "/"});
        let text = |status, body: &str| Ok(HttpAnswer { status, body: body.as_bytes().to_vec() });
        [
            (Err(HttpFault::Timeout(Duration::from_secs(3))), Code::HookUnavailable, String::new()),
            (Err(HttpFault::Unreachable("refused".to_owned())), Code::HookUnavailable, "refused".to_owned()),
            (text(200, &" ".repeat(2000)), Code::HookWrongAnswer, String::new()),
            (text(200, "<html>ok</html>"), Code::HookWrongAnswer, "no JSON object".to_owned()),
            (json(201, good.clone()), Code::HookUnavailable, "it answered 201".to_owned()),
            (json(500, good.clone()), Code::HookUnavailable, "it answered 500".to_owned()),
            (json(403, good), Code::HookRefused, "it answered 403".to_owned()),
        ]
    };
    let rows = no_object("token").into_iter().chain(of_all()).map(|row| ("jwt", row));
    let rows = rows.chain(no_object("session").into_iter().chain(of_all()).map(|row| ("session", row)));
    let rows = rows.chain(no_text.into_iter().chain(of_all()).map(|row| ("redirect", row)));
    for (hook, (answer, code, why)) in rows {
        let Room { http, hooks } = room();
        let shown = format!("{hook}: {answer:?}");
        http.answer(answer);
        let claims = Claims::default();
        let refusal = match hook {
            "jwt" => hooks.token(&claims, Trigger::SignIn, None, None).await.err(),
            "session" => hooks.session(&json!({}), &claims).await.err(),
            _ => hooks.redirect("https://app.example/a", "https://app.example").await.err(),
        };
        let refusal = refusal.expect(&shown);
        let detail = refusal.detail.expect("a detail for the log");
        assert_eq!(refusal.code, code, "{shown}");
        assert!(detail.starts_with(&format!("hook {hook}: ")) && detail.contains(&why), "{shown}: {detail}");
    }
}

#[tokio::test]
async fn a_4xx_with_a_message_is_that_error() {
    let Room { http, hooks } = room();
    http.json(403, &json!({"message": "Your seat\u{0} was removed", "code": "no_seat"}));
    let refusal = hooks.sign_in(&from_github()).await.expect_err("a refusal");
    let said = Said { message: Some("Your seat  was removed".to_owned()), code: Some("no_seat".to_owned()) };
    assert_eq!((refusal.code, refusal.said), (Code::HookRefused, Some(said)));
}

#[tokio::test]
async fn token_session_and_redirect_are_asked_with_the_arguments_of_the_callbacks() {
    let Room { http, hooks } = room();
    let mut claims = Claims::default();
    claims.set("sub", "u1");
    http.json(200, &json!({"token": {"role": "admin"}}));
    http.json(200, &json!({"session": {"role": "admin"}}));
    http.json(200, &json!({"url": "/welcome"}));
    let token = hooks.token(&claims, Trigger::Update, None, Some(&json!({"role": "admin"}))).await;
    let session = hooks.session(&json!({"user": {"name": "Ada"}}), &claims).await;
    let place = hooks.redirect("https://app.example/a", "https://app.example").await;
    assert_eq!(token, Ok(members(&json!({"role": "admin"}))));
    assert_eq!(session, Ok(members(&json!({"role": "admin"}))));
    assert_eq!(place, Ok(Some("/welcome".to_owned())));

    let data: Vec<Value> = http
        .calls()
        .iter()
        .map(|call| serde_json::from_str::<Value>(call.body.expose()).expect("JSON")["data"].clone())
        .collect();
    assert_eq!(
        data,
        [
            json!({"token": {"sub": "u1"}, "trigger": "update", "isNewUser": false, "session": {"role": "admin"}}),
            json!({"session": {"user": {"name": "Ada"}}, "token": {"sub": "u1"}}),
            json!({"url": "https://app.example/a", "baseUrl": "https://app.example"}),
        ]
    );
}

#[tokio::test]
async fn c6_an_event_is_taken_by_any_2xx_and_sent_again_under_its_id_and_signed_anew() {
    let Room { http, hooks } = room();
    let body = r#"{"type":"signIn","timestamp":"2026-05-28T20:26:40.000Z","data":{}}"#.to_owned();
    let event = Event { id: "msg_7".to_owned(), body: body.clone() };
    http.json(200, &json!({}));
    http.answer(Ok(HttpAnswer { status: 204, body: Vec::new() }));
    for _ in 0..2 {
        assert_eq!(hooks.receive(&event).await, Ok(()));
    }
    let not_taken = [
        Ok(HttpAnswer { status: 302, body: Vec::new() }),
        Ok(HttpAnswer { status: 404, body: Vec::new() }),
        Ok(HttpAnswer { status: 500, body: Vec::new() }),
        Ok(HttpAnswer { status: 200, body: vec![b' '; 2000] }),
        Err(HttpFault::Timeout(Duration::from_secs(3))),
        Err(HttpFault::Unreachable("refused".to_owned())),
    ];
    for answer in not_taken {
        let shown = format!("{answer:?}");
        http.answer(answer);
        assert!(hooks.receive(&event).await.is_err(), "{shown}");
    }
    for call in http.calls() {
        assert_eq!((call.url.path(), call.body.expose()), ("/events", body.as_str()));
        let id = call.headers.iter().find(|(name, _)| name == "webhook-id");
        assert_eq!(id.map(|(_, id)| id.expose()), Some("msg_7"));
        assert!(call.headers.iter().any(|(name, _)| name == "webhook-signature"));
    }
}

/// Many receivers write what they leave out as `null`.
#[tokio::test]
async fn null_is_no_member_and_where_the_answer_hangs_on_it_nobody_is_let_in() {
    let exchanged = json!({"user": {"plan": "gold"}, "redirect": null, "allow": true, "message": null});
    let allowed = [
        (json!({"allow": true, "redirect": null}), Verdict::allow()),
        (
            json!({"allow": true, "user": null, "redirect": null, "message": null, "code": null}),
            Verdict::allow(),
        ),
        (exchanged, Verdict::Allow(members(&json!({"plan": "gold"})))),
        (json!({"allow": false, "user": null, "redirect": null}), Verdict::Deny),
        (json!({"allow": null, "user": null, "redirect": "/first"}), Verdict::Redirect("/first".to_owned())),
    ];
    for (answer, verdict) in allowed {
        let Room { http, hooks } = room();
        http.json(200, &answer);
        let candidate = Candidate { profile: None, ..from_github() };
        assert_eq!(hooks.sign_in(&candidate).await, Ok(verdict), "{answer}");
    }
    for undecided in [json!({"allow": null}), json!({"allow": null, "user": {}, "redirect": null})] {
        let Room { http, hooks } = room();
        http.json(200, &undecided);
        let refusal = hooks.sign_in(&from_github()).await.expect_err("a refusal");
        assert_eq!(refusal.code, Code::HookWrongAnswer, "{undecided}");
    }
    let Room { http, hooks } = room();
    let claims = Claims::default();
    for undecided in [json!({"token": null, "session": null, "url": null}), json!({})] {
        for _ in 0..3 {
            http.json(200, &undecided);
        }
        let refusals = [
            hooks.token(&claims, Trigger::Update, None, None).await.expect_err("a refusal"),
            hooks.session(&json!({}), &claims).await.expect_err("a refusal"),
            hooks.redirect("/", "/").await.expect_err("a refusal"),
        ];
        assert_eq!(refusals.map(|refusal| refusal.code), [Code::HookWrongAnswer; 3], "{undecided}");
    }
    http.json(403, &json!({"message": null, "code": "no_seat"}));
    let refusal = hooks.sign_in(&from_github()).await.expect_err("a refusal");
    let said = Said { message: None, code: Some("no_seat".to_owned()) };
    assert_eq!((refusal.code, refusal.said), (Code::HookRefused, Some(said)));
}
