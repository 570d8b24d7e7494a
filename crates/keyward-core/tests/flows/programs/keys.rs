//! Keys that sign: made ahead of time, and published until their last token expired (F2).

use std::time::Duration;

use keyward_core::{
    dialect::Dialect,
    settings::Strategy,
    tokens::{Algorithm, TokenSettings},
};
use keyward_jose::jws;
use keyward_testkit::Operation;
use serde_json::{Value, json};

use super::{claims, refused, world};
use crate::support::{Options, PASSWORD, World, build, refresh_token, text, tokens};

#[tokio::test]
async fn f2_keys_change_ahead_of_time_and_every_token_stays_good_until_it_expires() {
    for algorithm in TokenSettings::ALGORITHMS {
        let settings = TokenSettings { algorithm, ..tokens() };
        let world = build(Options {
            tokens: Some(settings),
            ..Options::for_programs(Dialect::NextAuth4, Strategy::Sealed)
        });
        let mut answer = world.program().begins(json!({})).await;
        let mut kids = Vec::new();
        // Four times a day for a hundred days, as the job does, if not as often.
        for quarter in 0..400 {
            world.engine.maintain_keys().await.expect("answers");
            let (status, next) = world.program().refresh(refresh_token(&answer)).await;
            assert_eq!(status, 200, "{quarter}: {next}");
            answer = next;
            claims(&world, &answer).await;
            let kid = jws::peek(text(&answer, "accessToken")).expect("a header").kid.expect("a kid");
            if kids.last() != Some(&kid) {
                if !kids.is_empty() {
                    assert!(published(&world).await.contains(kids.last().expect("one")), "overlap");
                }
                kids.push(kid);
            }
            world.clock.advance(Duration::from_secs(6 * 60 * 60));
            world.engine.sweep().await.expect("answers");
        }
        assert_eq!(kids.len(), 4, "a key for thirty days: {kids:?}");
        assert!(published(&world).await.len() <= 2, "what signs no more is gone");
        let header = jws::peek(text(&answer, "accessToken")).expect("a header");
        assert_eq!(Algorithm::from_name(&header.alg), Some(algorithm));
    }
}

#[tokio::test]
async fn f2_a_new_key_is_published_for_a_day_before_it_signs() {
    let world = world();
    world.engine.maintain_keys().await.expect("answers");
    let first = published(&world).await;
    world.clock.advance(Duration::from_secs(29 * 24 * 60 * 60 + 1));
    world.engine.maintain_keys().await.expect("answers");
    let both = published(&world).await;
    assert_eq!((both.len(), &both[0]), (2, &first[0]));
    let answer = world.program().begins(json!({})).await;
    let kid = |answer: &Value| jws::peek(text(answer, "accessToken")).expect("a header").kid;
    assert_eq!(kid(&answer).as_ref(), Some(&both[0]));
    world.clock.advance(Duration::from_secs(24 * 60 * 60));
    let (_, answer) = world.program().refresh(refresh_token(&answer)).await;
    assert_eq!(kid(&answer).as_ref(), Some(&both[1]));
    for _ in 0..3 {
        world.engine.maintain_keys().await.expect("answers");
    }
    assert_eq!(published(&world).await, both, "one at a time");
}

#[tokio::test]
async fn f2_without_the_store_no_key_is_made_up() {
    let world = world();
    world.store.fail_all([Operation::SigningKeys, Operation::AddSigningKey]);
    let members = json!({ "email": "ada@example.com", "password": PASSWORD });
    refused(&world.program().post("sign-up", members.clone()).await, 503, "store_unavailable");
    assert_eq!(world.store.calls(Operation::Admit), 0, "nobody is let in who gets no token");
    refused(&world.program().get("jwks").await, 503, "store_unavailable");
    world.store.heal();
    assert_eq!(world.program().post("sign-up", members).await.0, 200);
}

async fn published(world: &World) -> Vec<String> {
    let (_, keys) = world.program().get("jwks").await;
    let keys = keys["keys"].as_array().expect("a list").clone();
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert_eq!(key.get(private), None, "{key}");
        }
    }
    keys.iter().map(|key| text(key, "kid").to_owned()).collect()
}
