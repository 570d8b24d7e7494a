//! `init`, `check`, `schema`, `keys`, `backup` and the help.

use crate::support::{Place, SECRET, mode};

const OTHER: &str = "Hw4-another-Bn7-9e20d3a1-Qx6-vR2k";

#[test]
fn init_writes_a_configuration_that_starts_and_never_overwrites() {
    let place = Place::new();
    let ran = place.run(&["init"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(mode(&place.path("keyward.secret")), 0o600);
    let secret = place.read("keyward.secret");
    assert!(
        secret.trim().len() == 44 && !ran.out.contains(secret.trim()) && !ran.err.contains(secret.trim())
    );
    let (code, said) = place.serve(&[]).stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(place.path("keyward.db").exists() && !said.contains(secret.trim()));

    let (text, again) = (place.read("keyward.toml"), place.run(&["init"]));
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("keyward.toml exists already") && again.err.contains("help: "), "{again:?}");
    assert_eq!((place.read("keyward.toml"), place.read("keyward.secret")), (text, secret));

    let place = Place::new().file("keyward.secret", "mine\n");
    assert_eq!(place.run(&["init"]).code, Some(1));
    assert!(!place.path("keyward.toml").exists(), "all or nothing");
    assert_eq!(place.run(&["init", "--dir", "sub/folder"]).code, Some(0));
    assert!(place.path("sub/folder/keyward.toml").exists());
}

#[test]
fn every_setting_that_init_comments_out_is_sound_when_it_is_switched_on() {
    let place = Place::new().with("API_KEY", "k").with("GITHUB_SECRET", "s").with("ACME_SECRET", "s");
    let place = place.with("MAIL_PASSWORD", "p");
    assert_eq!(place.run(&["init"]).code, Some(0));
    let on: String = place
        .read("keyward.toml")
        .lines()
        // Two ways to say the secret exclude each other.
        .filter(|line| !line.starts_with("#secret"))
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') => format!("{setting}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert!(on.contains("\n[[providers]]\n") && on.contains("\n[session.show]\n"));
    let place = place.file("keyward.toml", &on);
    let ran = place.run(&["check"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("back end  http://127.0.0.1:5000/api/login"), "{ran:?}");
}

#[test]
fn a_development_server_that_others_can_reach_is_worth_a_look() {
    let place = Place::new();
    let notes = |listen: &str| place.run(&["check", "--dev", "--listen", listen]).out;
    assert!(notes("0.0.0.0:4000").contains("leave --dev out"), "{}", notes("0.0.0.0:4000"));
    assert!(!notes("127.0.0.1:4000").contains("leave --dev out"));
}

#[test]
fn check_says_what_is_used_and_where_it_comes_from() {
    let place = Place::new()
        .with("NEXTAUTH_URL", "https://shop.example/sub/auth")
        .with("NEXTAUTH_SECRET", SECRET)
        .with("API_KEY", OTHER)
        .file(
            "keyward.toml",
            "listen = \"127.0.0.1:5050\"\n[session.add]\n\"user.isLoggedIn\" = true\n[[providers]]\nid = \"login\"\n\
             type = \"backend\"\nendpoint = \"https://u:pw@api.example/login?key=k\"\nheaders = { k = \"${API_KEY}\" }\n",
        );
    let ran = place.run(&["check", "--dialect", "auth-js-5"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let lines: Vec<String> =
        ran.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "keyward.toml is sound",
        "public URL https://shop.example environment NEXTAUTH_URL",
        "base path /sub/auth environment NEXTAUTH_URL",
        "listens on 127.0.0.1:5050 keyward.toml:1",
        "dialect auth-js-5 --dialect",
        "secret one, not shown environment NEXTAUTH_SECRET",
        "trusted proxies none default",
        "__Host-authjs.csrf-token Path=/; HttpOnly; Secure; SameSite=Lax",
        "__Secure-authjs.session-token Expires=end of the lifetime; Path=/; HttpOnly; Secure; SameSite=Lax",
        "strategy sealed in the cookie default",
        "adds user.isLoggedIn = true keyward.toml:3",
        "login back end https://api.example/login keyward.toml:4",
        "callback https://shop.example/sub/auth/callback/login",
    ] {
        assert!(lines.iter().any(|other| other == line), "{line:?} is not in {}", ran.out);
    }
    for hidden in [SECRET, OTHER, "pw@", "key=k"] {
        assert!(!ran.out.contains(hidden) && !ran.err.contains(hidden), "{ran:?}");
    }
    assert!(!place.path("keyward.db").exists(), "looking makes nothing");
}

#[test]
fn flag_beats_file_beats_environment_and_check_tells_of_conflicts() {
    let listens = |place: &Place, arguments: &[&str]| {
        let ran = place.run(&[&["check"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let line = ran.out.lines().find(|line| line.contains("listens on")).expect("a line").to_owned();
        line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")
    };
    let place = Place::new().with("KEYWARD_LISTEN", "127.0.0.1:1");
    assert_eq!(listens(&place, &[]), "127.0.0.1:1 environment KEYWARD_LISTEN");
    let place = place.file(
        "keyward.toml",
        &format!("public_url = \"https://a.example\"\nlisten = \"127.0.0.1:2\"\nsecret = \"{SECRET}\""),
    );
    assert_eq!(listens(&place, &[]), "127.0.0.1:2 keyward.toml:2");
    assert_eq!(listens(&place, &["--listen", "127.0.0.1:3"]), "127.0.0.1:3 --listen");

    let place = place
        .with("NEXTAUTH_URL", "https://b.example")
        .with("NEXTAUTH_SECRET", OTHER)
        .with("AUTH_TRUST_HOST", "true");
    let ran = place.with("KEYWARD_LISEN", "x").run(&["check"]);
    for note in [
        "NEXTAUTH_URL is https://b.example, but keyward.toml:1 says https://a.example, which is used",
        "the secret in keyward.toml:3 is not the one of environment NEXTAUTH_SECRET",
        "AUTH_TRUST_HOST has no effect",
        "KEYWARD_LISEN is set, but Keyward knows no variable of this name",
    ] {
        assert!(ran.out.contains(note), "{note:?} is not in {}", ran.out);
    }
    assert!(!ran.out.contains(SECRET) && !ran.out.contains(OTHER));
}

#[test]
fn the_names_of_each_generation_are_read_in_its_order() {
    let place = Place::new()
        .with("NEXTAUTH_URL", "https://four.example")
        .with("AUTH_URL", "https://five.example")
        .with("NEXTAUTH_SECRET", SECRET)
        .with("AUTH_SECRET", OTHER)
        .with("AUTH_SECRET_1", "Pz3-numbered-Gt8-77b1c0de-Ws5-mK9")
        .with("NEXTAUTH_URL_INTERNAL", "http://ignored");
    let four = place.run(&["check"]).out;
    assert!(four.contains("https://four.example") && four.contains("environment NEXTAUTH_SECRET"), "{four}");
    assert!(!four.contains("INTERNAL"), "{four}");
    assert!(four.contains("this is development: for production write one with keyward init"), "{four}");
    let five = place.run(&["check", "--dialect", "auth-js-5"]).out;
    assert!(five.contains("https://five.example") && five.contains("2, the first seals"), "{five}");
    assert!(
        five.contains("environment AUTH_SECRET_1") && five.contains("ignores the numbered ones"),
        "{five}"
    );
}

#[test]
fn the_schema_describes_every_setting() {
    let ran = Place::new().run(&["schema"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let schema: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(schema["properties"]["public_url"]["type"], serde_json::json!(["string", "null"]));
    assert_eq!(schema["additionalProperties"], false);
    fn undescribed(value: &serde_json::Value, at: &str, found: &mut Vec<String>) {
        let Some(members) = value.as_object() else { return };
        for (name, member) in members {
            if name == "properties" {
                for (property, schema) in member.as_object().into_iter().flatten() {
                    if schema.get("description").is_none() {
                        found.push(format!("{at}.{property}"));
                    }
                }
            }
            undescribed(member, &format!("{at}/{name}"), found);
        }
    }
    let mut found = Vec::new();
    undescribed(&schema, "", &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn rotating_keeps_old_secrets_where_the_dialect_can_open_with_them() {
    let place = Place::new().file("keyward.secret", &format!("# ours\n{SECRET}\n{OTHER}\n")).file(
        "keyward.toml",
        "public_url = \"https://a.example\"\ndialect = \"auth-js-5\"\nsecret_file = \"keyward.secret\"\n",
    );
    let ran = place.run(&["keys", "rotate"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let text = place.read("keyward.secret");
    let secrets: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!((secrets.len(), secrets[1], secrets[2]), (3, SECRET, OTHER));
    assert_eq!(mode(&place.path("keyward.secret")), 0o600);
    for secret in &secrets {
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{ran:?}");
    }
    assert_eq!(place.run(&["check"]).code, Some(0), "what was written is read");
    assert_eq!(place.run(&["keys", "rotate"]).code, Some(0));
    assert_eq!(place.read("keyward.secret").lines().count(), 4, "the oldest goes");
}

#[test]
fn rotating_where_it_signs_everybody_out_has_to_be_meant() {
    let place = Place::new();
    assert_eq!(place.serve(&[]).stop().0, Some(0));
    let made = place.run_with(&["user", "create", "ada@example.com"], "tandem unlikely oyster 42\n");
    assert_eq!(made.code, Some(0), "{made:?}");
    let before = place.read("keyward-data/secret");
    let refused = place.run(&["keys", "rotate"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.err.contains("signs everybody out") && refused.err.contains("--sign-everybody-out"),
        "{refused:?}"
    );
    assert_eq!(place.read("keyward-data/secret"), before);
    let ran = place.run(&["keys", "rotate", "--sign-everybody-out"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let after = place.read("keyward-data/secret");
    assert!(!after.contains(before.trim()) && after.lines().count() == 2, "one new secret alone");
    assert_eq!(place.serve(&[]).stop().0, Some(0));
    let again = place.run_with(&["user", "create", "ada@example.com"], "tandem unlikely oyster 42\n");
    assert!(again.err.contains("has an account already"), "the accounts are as they were: {again:?}");
}

#[test]
fn a_secret_that_is_not_in_a_file_is_not_rotated() {
    let place =
        Place::new().file("keyward.toml", &format!("public_url = \"https://a.b\"\nsecret = \"{SECRET}\"\n"));
    let ran = place.run(&["keys", "rotate"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("keyward.toml:2") && ran.err.contains("openssl rand"), "{ran:?}");
    let ran = Place::new().run(&["keys", "rotate"]);
    assert!(ran.err.contains("is not there yet"), "{ran:?}");
}

#[test]
fn a_backup_is_made_beside_a_running_server_and_never_overwrites() {
    let place = Place::new();
    let server = place.serve(&[]);
    let made = place.run_with(&["user", "create", "ada@example.com"], "tandem unlikely oyster 42\n");
    assert_eq!(made.code, Some(0), "{made:?}");
    let ran = place.run(&["backup", "copy.db"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("copy.db"), "{ran:?}");
    let copy = std::fs::read(place.path("copy.db")).expect("a copy");
    let again = place.run(&["backup", "copy.db"]);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("copy.db exists already"), "{again:?}");
    assert_eq!(std::fs::read(place.path("copy.db")).expect("a copy"), copy);
    assert_eq!(server.stop().0, Some(0));

    std::fs::create_dir(place.path("restored")).expect("made");
    std::fs::rename(place.path("copy.db"), place.path("restored/keyward.db")).expect("moved");
    let taken = place.run_with(
        &["user", "create", "ada@example.com", "--data", "restored"],
        "tandem unlikely oyster 42\n",
    );
    assert!(taken.err.contains("has an account already"), "the copy holds the account: {taken:?}");
    let none = Place::new().run(&["backup", "copy.db"]);
    assert_eq!(none.code, Some(1));
    assert!(none.err.contains("there is no database"), "{none:?}");
}

#[test]
fn a_list_that_cannot_be_made_is_refused_before_anything_is_read() {
    let place = Place::new().file("passwords.txt", "hunter2\nsecret\n\n");
    let build = |from: &[&str], out| place.run(&[&["breached", "build"], from, &["--out", out]].concat());
    let made = build(&["passwords.txt"], "list.kwb");
    assert_eq!((made.code, made.err.as_str()), (Some(0), ""), "{made:?}");
    let said = "list.kwb: 2 passwords in 1 KiB; ";
    assert!(made.out.starts_with(said) && made.out.contains("One line was left out."), "{made:?}");
    for (from, out, told) in [
        (&["passwords.txt"][..], "list.kwb", "list.kwb is there already"),
        (&["passwords.txt"], "nowhere/list.kwb", "there is no folder nowhere"),
        (&["passwords.txt", "pasword.txt"], "other.kwb", "pasword.txt can't be read"),
    ] {
        let ran = build(from, out);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains(told) && ran.err.contains("help: ") && ran.out.is_empty(), "{ran:?}");
    }
    // What an interrupted call left behind is no hindrance.
    let place = place.file("again.kwb.piece-0", "x").file("again.kwb.part", "x");
    let again = place.run(&["breached", "build", "passwords.txt", "--out", "again.kwb"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(!place.path("again.kwb.piece-0").exists() && !place.path("again.kwb.part").exists());
    assert_eq!(place.run_with(&["breached", "check", "again.kwb"], "hunter2\n").code, Some(1));
}

#[test]
fn a_command_on_the_data_has_the_flags_that_matter_to_it() {
    let commands =
        ["create", "set-password", "delete", "show", "disable", "enable", "sessions", "end-sessions"];
    let of_people = commands.into_iter().chain(["reset-factors"]).map(|command| vec!["user", command]);
    for arguments in of_people.chain([vec!["backup"], vec!["audit"]]) {
        let help = Place::new().run(&[&arguments[..], &["--help"]].concat()).out;
        for flag in ["--config", "--data"] {
            assert!(help.contains(flag), "{arguments:?}: {help}");
        }
        for flag in ["--dev", "--listen", "--dialect"] {
            assert!(!help.contains(flag), "{arguments:?}: {help}");
        }
    }
    let help = Place::new().run(&["keys", "rotate", "--help"]).out;
    assert!(help.contains("--dialect") && !help.contains("--listen"), "{help}");
}

#[test]
fn help_and_version_say_what_they_should() {
    let version = Place::new().run(&["--version"]);
    assert_eq!((version.code, version.out), (Some(0), format!("keyward {}\n", env!("CARGO_PKG_VERSION"))));
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["init", "--help"],
        &["check", "--help"],
        &["schema", "--help"],
        &["user", "--help"],
        &["user", "create", "--help"],
        &["user", "set-password", "--help"],
        &["user", "delete", "--help"],
        &["keys", "rotate", "--help"],
        &["backup", "--help"],
    ] {
        let ran = Place::new().run(arguments);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(ran.out.contains("Usage: keyward"), "{ran:?}");
    }
    let help = Place::new().run(&["--help"]).out;
    for command in ["serve", "init", "check", "schema", "user", "keys", "backup", "Examples:"] {
        assert!(help.contains(command), "{help}");
    }
}
