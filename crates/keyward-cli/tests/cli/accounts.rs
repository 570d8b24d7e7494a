//! `keyward user`.

use serde_json::Value;

use crate::support::{Place, Ran, SECRET};

const PASSWORD: &str = "tandem unlikely oyster 42";

fn create(place: &Place, email: &str, password: &str) -> Ran {
    place.run_with(&["user", "create", email], password)
}

#[test]
fn f1_an_account_is_made_changed_and_deleted_while_the_server_runs() {
    let place = Place::new();
    let server = place.serve(&[]);
    let ran = create(&place, "Ada@Example.com", &format!("{PASSWORD}\r\nmore\n"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.out.contains("Made an account for ada@example.com in ") && ran.out.contains("keyward.db"),
        "{ran:?}"
    );
    let again = create(&place, "ada@example.com", PASSWORD);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("keyward user set-password ada@example.com"), "{again:?}");

    let ran = place.run_with(&["user", "set-password", "ada@example.com"], "brisk walnut ferry 77\n");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let asked = place.run(&["user", "delete", "ada@example.com"]);
    assert_eq!(asked.code, Some(1));
    assert!(asked.err.contains("--yes"), "{asked:?}");
    let ran = place.run(&["user", "delete", "ada@example.com", "--yes"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let gone = place.run(&["user", "delete", "ada@example.com", "--yes"]);
    assert_eq!(gone.code, Some(1));
    assert!(gone.err.contains("nobody is known as ada@example.com"), "{gone:?}");
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_person_is_deleted_by_their_id_as_by_their_address_and_no_other_is() {
    let place = Place::new();
    let people = concat!(
        r#"{"id":"ada","email":"ada@example.com"}"#,
        "\n",
        r#"{"id":"bob","accounts":[{"provider":"github","id":"7"}]}"#,
        "\n",
        // Somebody's id may be another's address.
        r#"{"id":"ada@example.com","email":"carol@example.com"}"#,
        "\n",
    );
    let place = place.file("people.jsonl", people);
    assert_eq!(place.run(&["import", "users", "people.jsonl"]).code, Some(0));
    let delete = |who: &str| place.run(&["user", "delete", who, "--yes"]);
    let deleted = |who: &str, name: &str| {
        let ran = delete(who);
        assert_eq!(ran.out, format!("{name} is deleted; all their sessions are over.\n"), "{ran:?}");
    };
    assert!(delete("BOB").err.contains("nobody is known as BOB"));
    deleted("bob", "bob");
    deleted(" ADA@example.com ", "ada@example.com");
    // The address is free, so it is the id that is meant.
    deleted("ada@example.com", "carol@example.com");
    assert_eq!(delete("carol@example.com").code, Some(1));
}

#[test]
fn lesson_56_the_same_import_again_brings_back_who_was_deleted_only_where_it_is_told_to() {
    let place = Place::new().file(
        "people.jsonl",
        "{\"id\":\"ada\",\"email\":\"ada@example.com\"}\n{\"id\":\"bob\",\"email\":\"bob@example.com\"}\n",
    );
    let import = |more: &[&str], [made, there, deleted]: [u8; 3]| {
        let ran = place.run(&[&["import", "users", "people.jsonl"], more].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let counts = format!(
            "  {made:>7}  made\n  {there:>7}  there already\n  {deleted:>7}  deleted here, left out\n        0  refused\n"
        );
        assert!(ran.out.ends_with(&counts), "{ran:?}");
    };
    import(&[], [2, 0, 0]);
    assert_eq!(place.run(&["user", "delete", "ada@example.com", "--yes"]).code, Some(0));
    import(&[], [0, 1, 1]);
    import(&["--dry-run", "--restore-deleted"], [1, 1, 0]);
    assert_eq!(place.run(&["user", "show", "ada@example.com"]).code, Some(1));
    import(&["--restore-deleted"], [1, 1, 0]);
    assert_eq!(place.run(&["user", "show", "ada@example.com"]).code, Some(0));
    import(&[], [0, 2, 0]);
}

#[test]
fn lesson_57_a_person_is_shown_kept_out_and_let_in_again_while_the_server_runs() {
    let place = Place::new();
    let server = place.serve(&[]);
    assert_eq!(create(&place, "ada@example.com", PASSWORD).code, Some(0));
    let said = |arguments: &[&str]| {
        let ran = place.run(&[&["user"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.out
    };
    let shown = said(&["show", "ADA@example.com"]);
    let id = shown.lines().find_map(|line| line.strip_prefix("id ")).expect("an id").trim().to_owned();
    assert!(shown.contains("ada@example.com (not proven)") && shown.contains("claims       {}"), "{shown}");
    assert_eq!(said(&["show", &id]), shown, "by the id too");
    assert_eq!(
        said(&["disable", "ada@example.com"]),
        "ada@example.com is disabled; all their sessions are over.\n"
    );
    assert!(said(&["show", &id]).contains("disabled     since "));
    assert_eq!(said(&["enable", &id]), "ada@example.com may sign in again.\n");
    assert_eq!(said(&["show", &id]), shown);
    assert_eq!(said(&["sessions", &id]), "ada@example.com has no session.\n");
    assert_eq!(said(&["end-sessions", &id]), "Ended 0 sessions of ada@example.com.\n");
    for (arguments, problem) in [
        (&["user", "show", "nobody"][..], "nobody is known as nobody"),
        (&["user", "disable", "eve@example.com"], "nobody is known as eve@example.com"),
        (
            &["user", "end-sessions", "ada@example.com", "--session", "s1"],
            "ada@example.com has no session s1",
        ),
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains(problem), "{ran:?}");
    }
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn an_operator_s_key_is_refused_at_the_start_when_it_is_weak_or_the_secret() {
    for (key, problem) in [
        ("short", "shorter than 32 characters"),
        ("changeme-changeme-changeme-changeme", "everybody knows it"),
        (SECRET, "the secret that seals sessions"),
    ] {
        let place = Place::new().with("NEXTAUTH_SECRET", SECRET).with("ADMIN_KEY", key).file(
            "keyward.toml",
            "public_url = \"http://localhost:4000\"\n[admin]\nkeys = [\"${ADMIN_KEY}\"]\n",
        );
        let ran = place.run(&["check"]);
        assert_eq!(ran.code, Some(2), "{key}: {ran:?}");
        assert!(ran.err.contains("keys = [") && ran.err.contains(problem), "{ran:?}");
        assert!(key == "short" || !ran.err.contains(key), "it is not printed");
    }
}

#[test]
fn what_sign_up_refuses_is_refused_here_too() {
    let place = Place::new();
    let table = [
        ("ada", PASSWORD, 2, "not an e-mail address"),
        ("ada@example.com,eve@example.com", PASSWORD, 2, "not an e-mail address"),
        ("ada@example.com", "password1", 1, "easy to guess"),
        ("ada@example.com", "\n", 1, "there is no password"),
        ("ada@example.com", "", 1, "there is no password"),
        ("ada@example.com", &"long ".repeat(500), 1, "longer than 1024 bytes"),
    ];
    for (email, password, code, problem) in table {
        let ran = create(&place, email, password);
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.err.contains(problem), "{problem}: {ran:?}");
    }
    assert!(!place.path("keyward-data").exists(), "nothing was made");
    let weak = Place::new().file("keyward.toml", "[accounts]\nmin_strength = 0\n");
    assert_eq!(create(&weak, "ada@example.com", "pw").code, Some(0), "the configuration says how strong");
}

#[test]
fn commands_on_the_data_need_no_secret_and_none_of_the_servers_variables() {
    let place = Place::new().file(
        "keyward.toml",
        "public_url = \"${PUBLIC_URL}\"\nsecret = \"${NEXTAUTH_SECRET}\"\n[database]\nurl = \"sqlite:own.db\"\n",
    );
    assert_eq!(place.run(&["check"]).code, Some(2));
    let ran = create(&place, "ada@example.com", PASSWORD);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(place.path("own.db").exists());
}

#[test]
fn changing_what_is_not_there_makes_nothing() {
    let place = Place::new();
    for arguments in
        [&["user", "set-password", "a@b.example"][..], &["user", "delete", "a@b.example", "--yes"]]
    {
        let ran = place.run_with(arguments, PASSWORD);
        assert_eq!(ran.code, Some(1));
        assert!(ran.err.contains("there is no database keyward-data/keyward.db"), "{ran:?}");
    }
    assert!(!place.path("keyward-data").exists());
}

#[test]
fn whatever_a_command_does_to_somebody_is_in_the_trail() {
    let place = Place::new();
    create(&place, "ada@example.com", PASSWORD);
    let again = create(&place, "ada@example.com", PASSWORD);
    assert_eq!(again.code, Some(1), "{again:?}");
    let ran = place.run_with(&["user", "set-password", "ada@example.com"], "brisk walnut ferry 77\n");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let of_ada = [&["disable"][..], &["enable"], &["end-sessions"], &["reset-factors"], &["delete", "--yes"]];
    for command in of_ada {
        let ran = place.run(&[&["user"], command, &["ada@example.com"]].concat());
        assert_eq!(ran.code, Some(0), "{command:?}: {ran:?}");
    }
    let trail = place.run(&["audit", "--json"]);
    let entries: Vec<Value> =
        trail.out.lines().map(|line| serde_json::from_str(line).expect("JSON Lines")).collect();
    let mut kinds: Vec<_> = entries.iter().map(|entry| entry["kind"].as_str().expect("a kind")).collect();
    kinds.reverse();
    let expected = [
        "user_created",
        "password_changed",
        "user_disabled",
        "user_enabled",
        "factor_removed",
        "user_deleted",
    ];
    assert_eq!(kinds, expected, "{trail:?}");
    for entry in &entries {
        assert_eq!(entry["user"], entries[0]["user"], "{entry}");
        assert_eq!(entry["detail"]["by"], "command line", "{entry}");
    }
    assert!(entries[0]["user"].is_string(), "{trail:?}");
}

#[test]
fn where_no_trail_is_kept_no_command_writes_one() {
    let place = Place::new().file("keyward.toml", "[audit]\nenabled = false\n");
    assert_eq!(create(&place, "ada@example.com", PASSWORD).code, Some(0));
    for command in [&["disable"][..], &["end-sessions"], &["delete", "--yes"]] {
        let ran = place.run(&[&["user"], command, &["ada@example.com"]].concat());
        assert_eq!(ran.code, Some(0), "{command:?}: {ran:?}");
    }
    assert_eq!(place.run(&["audit", "--json"]).out, "");
}

#[test]
fn lesson_78_no_command_prints_a_secret() {
    let place = Place::new()
        .with("NEXTAUTH_SECRET", SECRET)
        .with("API_KEY", "marked-api-key-5c1d")
        .file("keyward.secret", &format!("{SECRET}\nmarked-old-secret-Ty6-1b9e42-Kp0-xC3\n"))
        .file(
            "keyward.toml",
            "public_url = \"http://localhost:4000\"\nsecret_file = \"keyward.secret\"\ndialect = \"auth-js-5\"\n\
             [[providers]]\nid = \"login\"\ntype = \"backend\"\nendpoint = \"http://127.0.0.1:9/x\"\n\
             headers = { k = \"${API_KEY}\" }\n",
        );
    let mut said = String::new();
    let mut run = |arguments: &[&str], input: &str| {
        let ran = place.run_with(arguments, input);
        said += &format!("{arguments:?} {:?}\n{}{}\n", ran.code, ran.out, ran.err);
    };
    let password = "marked-password unlikely oyster";
    run(&["check"], "");
    run(&["user", "create", "ada@example.com", "--name", "Ada"], password);
    run(&["user", "create", "ada@example.com"], password);
    run(&["user", "set-password", "ada@example.com"], password);
    run(&["user", "set-password", "eve@example.com"], password);
    run(&["backup", "copy.db"], "");
    run(&["keys", "rotate"], "");
    run(&["init", "--dir", "other"], "");
    run(&["serve", "--listen", "127.0.0.1"], "");
    run(&["user", "delete", "ada@example.com", "--yes"], "");
    let server = place.serve(&["--log-level", "trace"]);
    server.get_with(
        "/api/auth/session",
        "Cookie: authjs.session-token=marked-cookie\r\nAuthorization: Bearer marked-bearer\r\n",
    );
    server.get("/api/auth/signin?error=marked-query");
    said += &server.stop().1;
    let rotated = place.read("keyward.secret");
    let secrets = rotated.lines().filter(|line| !line.starts_with('#'));
    let other = place.read("other/keyward.secret");
    let marks = ["marked-", "Zq8-", other.trim()];
    for hidden in marks.into_iter().chain(secrets) {
        assert!(!said.contains(hidden), "{hidden} in\n{said}");
    }
    assert!(said.contains("[\"keys\", \"rotate\"] Some(0)"), "the commands did run: {said}");
}
