//! Applications are told when somebody's name or picture changes, whoever changed it (protocol notes §8.3).

use keyward_core::{
    dialect::Dialect,
    event::EventKind,
    port::Clock,
    request::{Body, Method, Pairs},
    settings::Strategy,
};
use keyward_testkit::Operation;
use serde_json::{Value, json};

use crate::support::{ADA, BOTH, Browser, Options, build};

const IMAGE: &str = "https://img.example/ada.png";

/// Saves the page about one's own account.
async fn save(browser: &mut Browser<'_>, name: &str, image: &str) -> u16 {
    let token = browser.csrf().await;
    let fields = [("csrfToken", token.as_str()), ("name", name), ("image", image)];
    let form = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    browser.send(Method::Post, "-/account", Body::Form(Pairs(form.to_vec()))).await.status
}

#[tokio::test]
async fn c6_a_person_who_changes_their_name_or_picture_is_told_of_once_and_with_what_is_kept() {
    for strategy in BOTH {
        let options =
            Options { events: EventKind::DEFAULT.to_vec(), ..Options::new(Dialect::NextAuth4, strategy) };
        let world = build(options);
        let mut browser = world.browser();
        let link = browser.link("email", ADA).await;
        browser.get(&link).await;
        let proven = world.clock.now().iso();
        let told = world.told().await;
        let id = told[0].1["user"]["id"].clone();

        assert_eq!(save(&mut browser, "Ada", IMAGE).await, 303);
        let ada = json!({"id": id, "name": "Ada", "email": ADA, "image": IMAGE, "emailVerified": proven});
        assert_eq!(world.told().await, [("updateUser".to_owned(), json!({ "user": ada }))], "{strategy:?}");
        assert_eq!(save(&mut browser, "Ada", IMAGE).await, 303);
        assert_eq!(world.told_types().await, [""; 0], "nothing is new");
        assert_eq!(save(&mut browser, "", "").await, 303);
        let told = world.told().await;
        assert_eq!([&told[0].1["user"]["name"], &told[0].1["user"]["image"]], [&Value::Null; 2]);
    }
}

#[tokio::test]
async fn a_change_that_is_not_kept_or_not_allowed_is_not_told() {
    let events = EventKind::DEFAULT.to_vec();
    let world = build(Options { events, ..Options::new(Dialect::NextAuth4, Strategy::Sealed) });
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    world.told().await;
    world.store.fail_next(Operation::ChangeUser);
    assert_ne!(save(&mut browser, "Countess", "").await, 303);
    assert_ne!(save(&mut browser, "Countess", "http://img.example/plain").await, 303);
    assert_eq!(world.told_types().await, [""; 0]);
}

#[tokio::test]
async fn where_it_is_not_told_a_change_asks_the_store_no_more() {
    let asked = async |events: Vec<EventKind>| {
        let world = build(Options { events, ..Options::new(Dialect::NextAuth4, Strategy::Sealed) });
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        let before = world.store.asked().len();
        save(&mut browser, "Countess", "").await;
        world.store.asked()[before..].iter().filter(|asked| **asked == Operation::User).count()
    };
    let reads = asked(Vec::new()).await;
    assert_eq!(
        [asked(vec![EventKind::SignIn]).await, asked(vec![EventKind::UpdateUser]).await],
        [reads, reads + 1]
    );
}
