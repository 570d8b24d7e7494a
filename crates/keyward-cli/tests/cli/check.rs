//! `check` says of every setting what is used and where it comes from, and of no secret what it is.

use serde_json::Value;

use crate::support::{Place, SECRET};

const PASSWORD: &str = "MARKED-mail-password";
const KEY: &str = "MARKED-2c0f4b9d7a1e58-admin-key-Wq3Z";
const CLIENT: &str = "MARKED-8d1a60c5be24f7-client-secret-Xy";

/// Every setting of the tables below, but those that exclude another one or name a file.
const WHOLE: &str = r##"
public_url = "https://app.example"
clients = [{ id = "shop", secret = "${CLIENT}", audiences = ["https://api.example"], vouches_for = ["github"] }]
[session]
update_age = "2h"
recent_sign_in = "7m"
[accounts]
enabled = true
provider_id = "password"
sign_up = true
sign_up_provider_id = "join"
min_strength = 4
reveal_existing = false
breached = []
common_passwords = true
verification = "required"
[mail]
host = "mail.example"
port = 2525
user = "keyward"
password = "${PASSWORD}"
tls = "required"
dangerous_accept_invalid_certificate = false
timeout = "11s"
from = "Acme <${SENDER}>"
verify_max_age = "25h"
reset_max_age = "61m"
[limits]
sign_in_per_address = "31/minute"
sign_in_per_account = "11/minute"
sign_up_per_address = "21/hour"
link_per_address = "61/hour"
link_per_account = "12/hour"
wrong_passwords = 6
wrong_passwords_of_strangers = 22
wrong_passwords_per_address = 101
longest_wait = "16m"
hash_queue = 99
[audit]
enabled = true
keep = "91d"
refusals = 1001
[tokens]
audiences = [{ name = "https://api.example", scopes = ["read", "write"], lifetime = "6m", clients_only = true }, { name = "b" }]
algorithm = "ES256"
access_lifetime = "4m"
refresh_lifetime = "29d"
refresh_grace = "9s"
key_lifetime = "28d"
allowed_origins = ["https://spa.example"]
[admin]
keys = ["${KEY}"]
[factors]
enabled = true
issuer = "Acme"
[passkeys]
enabled = true
id = "passkey"
name = "Passkey"
rp_id = "app.example"
rp_name = "Acme"
origins = ["https://www.app.example"]
sign_up = false
on_sign_in_page = true
[pages]
sign_in = "/login"
sign_out = "/bye"
error = "/oops"
verify_request = "/mail"
new_user = "/hello"
account = "/me"
[landing]
sign_in = "/in"
sign_out = "/out"
[theme]
name = "Acme"
logo = "/logo.svg"
brand_color = "#123456"
button_text = "#ffffff"
color_scheme = "dark"
texts = { sign_in_title = "Come in" }
[hooks]
secret = "whsec_TUFSS0VELTg4ODg4ODg4ODg4ODg4ODg4"
sign_in = "https://hooks.example/sign-in"
profile_exchange = "https://hooks.example/profile"
jwt = "https://hooks.example/jwt"
session = "https://hooks.example/session"
redirect = "https://hooks.example/redirect"
events = "https://hooks.example/events"
event_types = ["signIn"]
timeout = "2s"
max_answer = "63KiB"
[[providers]]
id = "github"
type = "oauth"
use = "github"
client_id = "c"
client_secret = "MARKED-client-secret"
"##;

/// Those that exclude another one, name a file, or are a table of the owner's own names.
const LEFT_OUT: [&str; 6] =
    ["mail.server", "mail.ca_file", "mail.templates", "hooks.secrets", "theme.errors", "theme.texts"];

fn place() -> Place {
    let variables =
        [("PASSWORD", PASSWORD), ("KEY", KEY), ("CLIENT", CLIENT), ("SENDER", "no-reply@acme.example")];
    let place = variables.iter().fold(Place::new(), |place, (name, value)| place.with(name, value));
    place.with("NEXTAUTH_SECRET", SECRET)
}

#[test]
fn whatever_the_file_says_is_shown_with_its_line() {
    let ran = place().file("keyward.toml", WHOLE).run(&["check"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let shown: Vec<String> =
        ran.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let (mut table, before_providers) = ("", WHOLE.split("[[providers]]").next().expect("a beginning"));
    for (number, line) in before_providers.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        if let Some(name) = line.strip_prefix('[') {
            table = name.trim_end_matches(']');
        } else if line.contains(" = ") {
            let place = format!("keyward.toml:{number}");
            assert!(shown.iter().any(|shown| shown.ends_with(&place)), "[{table}] {line}: {}", ran.out);
        }
    }
    for line in [
        "server mail.example:2525 keyward.toml:18",
        "from Acme <no-reply@acme.example> keyward.toml:25",
        "password set, not shown keyward.toml:21",
        "keys 1, not shown keyward.toml:52",
        "audience https://api.example scopes read, write; 6m; for applications alone keyward.toml:44",
        "audience b no scopes keyward.toml:44",
        "shop secret not shown; tokens for https://api.example; vouches for people of github keyward.toml:3",
        "sign_in_per_address 31/minute keyward.toml:29",
        "texts.sign_in_title Come in keyward.toml:81",
    ] {
        assert!(shown.iter().any(|shown| shown == line), "{line:?} is not in {}", ran.out);
    }
    for text in [&ran.out, &ran.err] {
        assert!(!text.contains("MARKED") && !text.contains(SECRET) && !text.contains("whsec_"), "{text}");
    }
}

#[test]
fn the_file_of_this_test_says_every_setting_there_is() {
    let schema = Place::new().run(&["schema"]).out;
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let said: toml::Table = toml::from_str(WHOLE).expect("TOML");
    let tables = ["accounts", "mail", "limits", "audit", "tokens", "admin", "factors", "passkeys", "pages"];
    for table in tables.into_iter().chain(["landing", "theme", "hooks"]) {
        let setting = &schema["properties"][table];
        let place = setting.get("$ref").unwrap_or(&setting["anyOf"][0]["$ref"]);
        let place = place.as_str().expect("a table").trim_start_matches('#');
        let settings = schema.pointer(place).and_then(|shape| shape["properties"].as_object());
        for key in settings.expect("settings").keys() {
            let is_said = said[table].get(key).is_some() || LEFT_OUT.contains(&&*format!("{table}.{key}"));
            assert!(is_said, "[{table}] {key} is new: say it in this test's file, and see that it is shown");
        }
    }
}

#[test]
fn without_a_word_of_the_file_the_defaults_are_shown() {
    let file = "public_url = \"https://app.example\"\n";
    let server = place().with("EMAIL_SERVER", "smtp://keyward:MARKED@mail.example:26");
    let server = server.with("EMAIL_FROM", "no-reply@acme.example");
    let none = place().file("keyward.toml", file).run(&["check"]).out;
    let mail = server.file("keyward.toml", &format!("{file}[mail]\n")).run(&["check"]).out;
    let has = |text: &str, line: &str| {
        text.lines().any(|shown| shown.split_whitespace().collect::<Vec<_>>().join(" ") == line)
    };
    for line in [
        "sign_in_per_address 30/minute default",
        "keep 90d default",
        "enabled true default",
        "keys none default",
        "recent_sign_in 10m default",
        "server none: no address is proven, no password reset default",
    ] {
        assert!(has(&none, line), "{line:?} is not in {none}");
    }
    for line in [
        "server mail.example:26 environment EMAIL_SERVER",
        "from no-reply@acme.example environment EMAIL_FROM",
        "reset_max_age 1h default",
    ] {
        assert!(has(&mail, line), "{line:?} is not in {mail}");
    }
    assert!(!mail.contains("MARKED"), "{mail}");
}

#[test]
fn lesson_78_a_secret_beside_a_mistake_is_not_shown() {
    for secret in [
        "[admin]\nkeys = [\"MARKED\"]\nkey = 1",
        "[mail]\npassword = \"MARKED\"\nprot = 1",
        "[mail]\nserver = \"smtp://u:MARKED@h\"\nprot = 1",
        "[hooks]\nsecret = \"MARKED\"\nsing_in = \"\"",
        "[[clients]]\nid = \"a\"\nsecret = \"MARKED\"\nx = 1",
    ] {
        let ran = place().file("keyward.toml", secret).run(&["check"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains("unknown key"), "{ran:?}");
        assert!(!ran.err.contains("MARKED") && !ran.out.contains("MARKED"), "{ran:?}");
    }
}
