//! What a person reads about a mistake in `keyward.toml`, to the letter.

use crate::support::{Place, SECRET};

/// What `keyward check` says of this file.
fn said(text: &str) -> String {
    let ran = Place::new().file("keyward.toml", text).run(&["check"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert_eq!(ran.out, "", "nothing of a broken configuration is shown");
    ran.err
}

/// A sound beginning, so that the mistake is the only one. Three lines.
pub(crate) fn said_after(mistake: &str) -> String {
    said(&format!("public_url = \"https://app.example\"\nsecret = \"{SECRET}\"\n\n{mistake}\n"))
}

#[test]
fn an_unknown_key_is_underlined_and_the_right_one_suggested() {
    assert_eq!(
        said_after("lisen = \"127.0.0.1:4000\""),
        "error: unknown key `lisen`
   ,-[keyward.toml:4:1]
 3 |\x20
 4 | lisen = \"**************\"
   : ^^^^^
   `----
  help: did you mean `listen`?

"
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_underlined_and_the_right_notation_said() {
    assert_eq!(
        said_after("[session]\nmax_age = \"30 dys\""),
        "error: this is not a span of time
   ,-[keyward.toml:5:11]
 4 | [session]
 5 | max_age = \"30 dys\"
   :           ^^^^^^^^
   `----
  help: write seconds, or a number with s, m, h or d, such as \"15m\"

"
    );
}

#[test]
fn a_variable_that_is_not_set_is_underlined_in_its_text() {
    assert_eq!(
        said_after("[[providers]]\nid = \"a\"\ntype = \"backend\"\nendpoint = \"http://${SHOP_HOST}/login\""),
        "error: the environment variable SHOP_HOST is not set
   ,-[keyward.toml:7:20]
 6 | type = \"backend\"
 7 | endpoint = \"http://${SHOP_HOST}/login\"
   :                    ^^^^^^^^^^^^
   `----
  help: set SHOP_HOST where keyward is started, or write the value here

"
    );
}

#[test]
fn every_kind_of_mistake_has_its_place_and_its_remedy() {
    let provider = "[[providers]]\nid = \"a\"\ntype = \"backend\"\nendpoint = \"http://127.0.0.1:5000\"\n";
    let table: &[(&str, &str, &str, &str)] = &[
        ("[sesion]", "4:2", "unknown key `sesion`", "did you mean `session`?"),
        ("maxAge = 3", "4:1", "unknown key `maxAge`", "known here: "),
        ("[session]\nmaxAge = 3", "5:1", "unknown key `maxAge`", "did you mean `max_age`?"),
        ("listen = 4000", "4:10", "expected an address with a port, such as", ""),
        ("listen = \"localhost\"", "4:10", "this is not an address with a port", "\"127.0.0.1:4000\""),
        ("allowed_origins = \"https://a.b\"", "4:19", "expected a list, found a text", ""),
        (
            "allowed_origins = [\"https://a.b/path\"]",
            "4:20",
            "this is not an origin",
            "scheme, host and port alone",
        ),
        ("trusted_proxies = [\"10.0.0.0/99\"]", "4:20", "this is neither a network nor an address", ""),
        ("dialect = \"next-auth-5\"", "4:11", "this is none of the choices", "next-auth-4, auth-js-5"),
        ("dialect = 4", "4:11", "this is none of the choices", "write one of its words in quotes"),
        ("dialect = \"next-auth-4", "4:23", "this is not TOML: a text has no end", "close it with `\"`"),
        ("dialect \"next-auth-4\"", "4:9", "this is not TOML: key with no value", "write key = \"value\""),
        ("base_path = \"/a\"\nbase_path = \"/b\"", "5:1", "duplicate key", "keep one of the two"),
        ("allowed_origins = [\"https://a.b\"", "4:33", "unclosed array", "close it with `]`"),
        ("base_path = \"auth\"", "4:13", "must start with a slash", "/api/auth"),
        ("session = 3", "4:11", "expected a table, found a number", ""),
        ("[session]\nstrategy = \"jwt\"", "5:12", "this is none of the choices", "sealed, stored"),
        ("[session]\nmax_age = 0", "5:11", "a second at least", "30d"),
        ("[session]\nmax_age = -5", "5:11", "expected a span of time such as \"15m\", found a number", ""),
        ("[session.update]\nfields = [\"sub\"]", "5:11", "the token itself is made of", "take it out"),
        (
            "[landing]\nsign_in = \"https://other.example/\"",
            "5:11",
            "neither a path of your application nor on an allowed origin",
            "/dashboard",
        ),
        ("[pages]\nsign_in = \"login\"", "5:11", "not a path of your application", "/login"),
        ("[theme]\nbrand_color = \"red\"", "5:15", "this is not a colour", "#rrggbb"),
        (
            "[theme.texts]\nsign_in_titel = \"x\"",
            "5:17",
            "no text `sign_in_titel`",
            "did you mean `sign_in_title`?",
        ),
        (
            "[theme.errors.CredentialSignin]\ntext = \"x\"",
            "4:1",
            "`CredentialSignin` is no code of Keyward's",
            "did you mean `CredentialsSignin`?",
        ),
        (
            &format!("{provider}[[providers.fields]]\nname = \"a\"\nattributes = {{ onclick = \"x\" }}"),
            "10:26",
            "the attribute \"onclick\" can't be set here",
            "leave it out",
        ),
        ("[accounts]\nmin_strength = 5", "5:16", "is 0 to 4", "write 3"),
        ("[accounts]\nmin_strength = 300", "5:16", "this is out of range, expected a whole number", ""),
        ("[accounts]\nenabled = false", "", "there is no way to sign in", "add a provider"),
        ("[limits]\nsign_in_per_address = \"0/minute\"", "5:23", "this is not a rate", "30/minute"),
        (
            "[database]\nurl = \"mysql://a\"",
            "5:7",
            "not the address of a SQLite database",
            "sqlite:keyward.db",
        ),
        (
            "[[providers]]\ntype = \"backend\"\nendpoint = \"http://a\"",
            "4:1",
            "`id` is missing here",
            "add `id = …`",
        ),
        ("[[providers]]\nid = \"a\"\ntype = \"oaut\"", "6:8", "this is none of the choices", "oauth, oidc"),
        (
            &format!("{provider}[[providers]]\nid = \"a\"\ntype = \"backend\"\nendpoint = \"http://a\""),
            "9:6",
            "already",
            "its own",
        ),
        (&format!("{provider}endpoint = \"x\""), "8:1", "duplicate key", ""),
        (&format!("{provider}keep = 5"), "8:8", "says not what to keep", "keep = [\"role\"]"),
        (&format!("{provider}timeout = \"0s\""), "8:11", "no back end answers in no time", "5s"),
        (&format!("{provider}max_answer = \"256KB\""), "8:14", "this is not a size", "256KiB"),
        (
            "[[providers]]\nid = \"a\"\ntype = \"backend\"\nendpoint = \"shop\"",
            "7:12",
            "this is not an address",
            "https://",
        ),
        ("listen = 127.0.0.1:4000", "4:15", "this is not TOML", "in quotes"),
        ("base_path = \"${\"", "4:14", "is not followed by a variable's name", "$${"),
        ("secret_file = \"x\"", "4:15", "secrets are set twice", "keep one of"),
    ];
    for (mistake, place, problem, remedy) in table {
        let said = said_after(mistake);
        let place = if place.is_empty() { String::new() } else { format!(",-[keyward.toml:{place}]\n") };
        assert!(said.contains(&place) && said.contains(problem), "{mistake}\n{said}");
        assert!(said.contains(remedy) && (remedy.is_empty() || said.contains("help: ")), "{mistake}\n{said}");
        assert!(!said.contains(SECRET), "{said}");
        assert!(!said.contains("mistakes;"), "one mistake is told once: {mistake}\n{said}");
    }
}

#[test]
fn several_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let said =
        said_after("lisen = 1\n[session]\nmax_age = \"x\"\nstrategy = 5\n[theme]\nbrand_color = \"#12\"");
    let places: Vec<_> =
        said.split("keyward.toml:").skip(1).filter_map(|rest| rest.split(':').next()).collect();
    assert_eq!(places, ["4", "6", "7", "9"], "{said}");
    assert!(said.ends_with("4 mistakes; nothing was started.\n"), "{said}");
}

#[test]
fn mistakes_of_values_are_told_at_once_too() {
    let said = said("public_url = \"app.example\"\nsecret = \"short\"\n[pages]\nerror = \"oops\"\n");
    for place in [":1:14]", ":2:10]", ":4:9]"] {
        assert!(said.contains(place), "{place} {said}");
    }
}

#[test]
fn lesson_78_a_secret_beside_a_mistake_is_not_shown() {
    for text in [
        format!("secert = \"{SECRET}\""),
        format!("secret = \"{SECRET}\"\nlisten = 5"),
        format!("secret = {SECRET}"),
        format!("secret = \"{SECRET}"),
        format!("secret = [\"{SECRET}\"]"),
        format!("secrets = [\n  \"{SECRET}\",\n  5\n]"),
        format!("secrets = \"{SECRET}\""),
        format!("secret = {{ a = \"{SECRET}\" }}"),
        format!("#secret = \"{SECRET}\"\nlisten = 5"),
        format!("listen = 5 \n  secret='{SECRET}'"),
        format!("[[providers]]\nid = 5\nheaders = {{ key = \"{SECRET}\" }}"),
        format!("[[providers]]\nid = 5\n[providers.headers]\nkey = \"{SECRET}\""),
        format!("[[providers]]\nid = \"a\"\ntype = \"backend\"\nendpoint = \"ftp://u:{SECRET}@a.b\""),
    ] {
        let said = said(&text);
        assert!(!said.contains(SECRET) && !said.contains(&SECRET[4..20]), "{text}\n{said}");
    }
    let place = Place::new()
        .with("HIDDEN", SECRET)
        .file("keyward.toml", "listen = \"${HIDDEN}\"\ndialect = \"${HIDDEN}\"");
    let ran = place.run(&["check"]);
    assert!(ran.err.contains("keyward.toml:1:10") && !ran.err.contains(SECRET), "{ran:?}");
}

#[test]
fn a_file_that_is_named_but_not_there_is_an_error() {
    let ran = Place::new().run(&["check", "--config", "other.toml"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("other.toml can't be read") && ran.err.contains("keyward init"), "{ran:?}");
    let ran = Place::new().with("KEYWARD_CONFIG", "third.toml").run(&["serve"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("third.toml can't be read"), "{ran:?}");
}

#[test]
fn mistakes_on_the_command_line_and_in_the_environment_are_told() {
    for arguments in
        [&["serv"][..], &["--listen", "localhost"], &["--dialect", "next-auth-9"], &["user", "create"]]
    {
        let ran = Place::new().run(arguments);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.starts_with("error: ") && ran.out.is_empty(), "{ran:?}");
    }
    for (name, value) in [
        ("KEYWARD_LISTEN", "4000"),
        ("KEYWARD_DIALECT", "v4"),
        ("KEYWARD_LOG_FORMAT", "xml"),
        ("KEYWARD_LOG_LEVEL", "loud"),
        ("NEXTAUTH_URL", "app.example"),
    ] {
        let ran = Place::new().with(name, value).run(&["serve"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(name) && ran.err.contains("help: "), "{ran:?}");
    }
}
