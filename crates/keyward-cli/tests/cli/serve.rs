//! `keyward serve` as a process: development, production, signals, and starts that are refused.

use std::{
    io::{Read, Write},
    net::TcpListener,
    time::{Duration, Instant},
};

use crate::support::{Place, SECRET, mode};

/// A request whose body is one byte short.
const HALF: &str = "POST /api/auth/_log HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                    Content-Length: 2\r\nConnection: close\r\n\r\n{";

fn production(more: &str) -> Place {
    Place::new()
        .file("keyward.toml", &format!("public_url = \"https://app.example\"\nsecret = \"{SECRET}\"\n{more}"))
}

#[test]
fn development_starts_with_nothing_and_says_what_where_and_what_next() {
    let place = Place::new();
    let server = place.serve(&[]);
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200 "));
    let page = server.get("/");
    assert!(
        page.contains("Keyward is running") && page.contains("href=\"/api/auth/signin?callbackUrl=%2F\""),
        "{page}"
    );
    assert!(page.contains("cache-control: private, no-store"), "{page}");
    assert!(
        page.contains("next.config.mjs") && page.contains("vite.config.js") && page.contains("nginx.conf")
    );
    let port = server.address.port();
    let (code, said) = server.stop();
    assert_eq!(code, Some(0), "{said}");
    let banner = said.find("\n  Keyward ").expect("a banner");
    assert!(said[..banner].trim().is_empty(), "the banner is the first that is said: {said}");
    assert!(said.lines().filter(|line| line.starts_with("  ")).all(|line| line.len() <= 80), "{said}");
    assert!(said.contains(" 200 /  "), "the start page has its line in the log: {said}");
    for part in [
        &format!("Open         http://localhost:{port}\n"),
        "Signs in by  e-mail and password\n",
        "Speaks       next-auth-4 at /api/auth\n",
        "Data         ./keyward-data/keyward.db (new)\n",
        "keyward init",
        "\nKeyward ended.\n",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    assert!(!said.contains('\u{1b}'), "no colours where no terminal is: {said}");
    assert_eq!(mode(&place.path("keyward-data")), 0o700);
    assert_eq!(mode(&place.path("keyward-data/secret")), 0o600);
    assert!(!said.contains(place.read("keyward-data/secret").trim()), "the secret is never printed");
}

#[test]
fn the_secret_of_development_is_made_once() {
    let place = Place::new();
    assert_eq!(place.serve(&[]).stop().0, Some(0));
    let first = place.read("keyward-data/secret");
    let (code, said) = place.serve(&[]).stop();
    assert_eq!(code, Some(0));
    assert_eq!(place.read("keyward-data/secret"), first);
    assert!(said.contains("./keyward-data/keyward.db\n"), "not new any more: {said}");
}

#[test]
fn production_has_no_start_page_and_one_line_in_the_log() {
    let place = production("");
    let server = place.serve(&["--log-format", "json"]);
    let nothing = server.get("/");
    assert!(nothing.starts_with("HTTP/1.1 404 ") && nothing.contains("\"error\":\"not_found\""), "{nothing}");
    assert!(server.get("/api/auth/csrf").contains("__Host-next-auth.csrf-token="));
    let (code, said) = server.stop();
    assert_eq!(code, Some(0));
    let lines: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert!(
        lines
            .iter()
            .any(|line| line["message"] == "keyward serves" && line["public_url"] == "https://app.example")
    );
    assert!(lines.iter().any(|line| line["path"] == "/" && line["code"] == "not_found"), "{said}");
    assert!(
        lines.iter().any(|line| line["target"] == "keyward::request" && line["path"] == "/api/auth/csrf")
    );
    assert!(!said.contains(SECRET));
}

#[test]
fn a_line_for_people_begins_with_what_they_look_for_and_comes_for_every_request() {
    let place = production("");
    let server = place.serve(&[]);
    for path in ["/api/auth/csrf", "/api/auth/nothing%0Ahere", "/api/auth/%1B"] {
        server.get(path);
    }
    let (code, said) = server.stop();
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("  GET  ")).collect();
    let starts = [
        "  GET  200 /api/auth/csrf  ",
        "  GET  400 /api/auth/nothing%0Ahere  ",
        "  GET  400 /api/auth/%1B  ",
    ];
    assert_eq!(lines.len(), starts.len(), "{said}");
    for start in starts {
        // Lines of two threads may come in either order.
        let found = lines.iter().find_map(|line| line.split_once(start));
        let (time, rest) = found.unwrap_or_else(|| panic!("{start}: {said}"));
        // In seconds: `2026-01-01T10:00:00Z`.
        assert!(time.len() == 20 && time.ends_with('Z') && time.as_bytes()[10] == b'T', "{said}");
        let (millis, id) = rest.split_once(" ms  id=").expect("a time and an id");
        assert!(millis.parse::<f64>().is_ok() && id.contains('-'), "{said}");
    }
}

#[test]
fn a_file_with_dev_is_development_and_keeps_its_own_data_apart() {
    let place = Place::new().file("keyward.toml", "[theme]\nname = \"Shop\"\n");
    let server = place.serve(&["--dev"]);
    assert!(server.get("/").contains("Shop is running"));
    assert_eq!(server.stop().0, Some(0));
    assert!(place.path("keyward-data/keyward.db").exists());
}

#[test]
fn the_data_folder_of_the_flag_holds_the_database_of_the_file() {
    let place = production("[database]\nurl = \"sqlite:own.db\"\n");
    assert_eq!(place.serve(&["--data", "elsewhere"]).stop().0, Some(0));
    assert!(place.path("elsewhere/own.db").exists());
    let absolute = place.path("absolute.db");
    let place = production(&format!("[database]\nurl = \"sqlite://{}\"\n", absolute.display()));
    std::fs::create_dir_all(absolute.parent().expect("a folder")).expect("made");
    assert_eq!(place.serve(&[]).stop().0, Some(0));
    assert!(absolute.exists());
}

#[test]
fn a_request_in_flight_is_answered_after_the_signal() {
    let place = Place::new();
    let server = place.serve(&[]);
    let mut half = server.begin(HALF);
    std::thread::sleep(Duration::from_millis(200));
    server.signal("TERM");
    std::thread::sleep(Duration::from_millis(300));
    assert!(std::net::TcpStream::connect(server.address).is_err(), "nobody new is let in");
    half.write_all(b"}").expect("the connection lives");
    let mut answer = String::new();
    half.read_to_string(&mut answer).expect("answered");
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    let (code, said) = server.ended();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Keyward ended.\n"), "{said}");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let place = Place::new();
    let server = place.serve(&[]);
    let _half = server.begin(HALF);
    std::thread::sleep(Duration::from_millis(200));
    server.signal("INT");
    std::thread::sleep(Duration::from_millis(300));
    server.signal("INT");
    let began = Instant::now();
    assert_eq!(server.ended().0, Some(130));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn b4_production_is_refused_without_a_secret_and_says_how_to_make_one() {
    let place = Place::new().file("keyward.toml", "public_url = \"https://app.example\"\n");
    for arguments in [&["serve"][..], &["check"], &["--listen", "0.0.0.0:0"]] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains("there is no secret, and production does not start without one"), "{ran:?}");
        assert!(ran.err.contains("openssl rand -base64 32") && ran.err.contains("keyward init"), "{ran:?}");
    }
    let beyond = Place::new().run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(beyond.code, Some(2), "without a file but for everybody is production too: {beyond:?}");
    assert!(beyond.err.contains("there is no secret") && beyond.err.contains("public URL"), "{beyond:?}");
}

#[test]
fn lesson_85_a_secret_that_everybody_knows_is_refused() {
    for known in
        ["secret", "changeme", "0123456789abcdef0123456789abcdef", "your-secret-key-here-at-least-32-chars"]
    {
        let place = Place::new()
            .file("keyward.toml", &format!("public_url = \"https://app.example\"\nsecret = \"{known}\"\n"));
        let ran = place.run(&["serve"]);
        assert_eq!(ran.code, Some(2), "{known}: {ran:?}");
        assert!(
            ran.err.contains("keyward.toml:2:10") && ran.err.contains("openssl rand -base64 32"),
            "{ran:?}"
        );
        let place = Place::new().with("NEXTAUTH_URL", "https://app.example").with("NEXTAUTH_SECRET", known);
        let ran = place.run(&["serve", "--listen", "0.0.0.0:0"]);
        assert_eq!(ran.code, Some(2), "{known}: {ran:?}");
        assert!(ran.err.contains("NEXTAUTH_SECRET: "), "{ran:?}");
    }
}

#[test]
fn lesson_62_a_broken_configuration_never_serves() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    for broken in [
        "secret = ",
        "sesion = {}",
        "[session]\nmax_age = \"soon\"",
        "[[providers]]\nid = \"x\"\ntype = \"backend\"\nendpoint = \"no address\"",
        "[pages]\nsign_in = \"https://evil.example\"",
        "secret_file = \"missing\"",
        "[database]\nurl = \"postgres://localhost/keyward\"",
    ] {
        let place = production("");
        let text = format!("listen = \"{address}\"\n{}{broken}\n", place.read("keyward.toml"));
        // The file has a secret already, so a second one is a mistake of its own.
        let ran = place.file("keyward.toml", &text).run(&["serve"]);
        assert_eq!(ran.code, Some(2), "{broken}: {ran:?}");
        assert!(ran.err.contains("keyward.toml:") && ran.out.is_empty(), "{broken}: {ran:?}");
        assert!(std::net::TcpStream::connect(address).is_err(), "{broken}: nobody answers");
    }
}

#[test]
fn a_port_in_use_names_who_has_it_and_another_one() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let place = Place::new();
    let ran = place.run(&["--listen", &format!("127.0.0.1:{port}")]);
    assert_eq!(ran.code, Some(1));
    let id = std::process::id();
    assert!(
        ran.err.contains(&format!("port {port} is in use by ")) && ran.err.contains(&format!("(pid {id})")),
        "{ran:?}"
    );
    assert!(ran.err.contains("choose another port: keyward --listen 127.0.0.1:"), "{ran:?}");
    assert!(!place.path("keyward-data").exists(), "nothing was made");
}

#[test]
fn a_folder_that_cannot_be_made_and_a_database_that_is_none_have_a_remedy() {
    // A file where a folder should be: refused to everybody, also to root.
    let place = Place::new().file("file", "");
    let ran = place.run(&["--listen", "127.0.0.1:0", "--data", "file/data"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.err.contains("the folder file/data can't be made") && ran.err.contains("--data FOLDER"),
        "{ran:?}"
    );

    let place = production("").file("keyward.db", &"no database ".repeat(100));
    let ran = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("is not a database") && ran.err.contains("help: "), "{ran:?}");
    assert!(place.read("keyward.db").starts_with("no database"), "it was left as it is");
}

#[test]
fn a_start_is_quick() {
    let place = production("");
    assert_eq!(place.serve(&[]).stop().0, Some(0));
    // The best of a few, of a debug build on a machine that does other things too; the benchmark is stricter.
    let best = (0..5).map(|_| {
        let began = Instant::now();
        let server = place.serve(&[]);
        assert!(server.get("/readyz").starts_with("HTTP/1.1 200 "));
        let took = began.elapsed();
        assert_eq!(server.stop().0, Some(0));
        took
    });
    let best = best.min().expect("some");
    assert!(best < Duration::from_millis(500), "{best:?}");
}
