//! Providers of e-mail links: from a few lines, from NextAuth's environment, and what is said of mistakes.

use crate::{
    mistakes::said_after,
    support::{Place, Ran, SECRET},
};

const PASSWORD: &str = "marked-mail-password-5d1e";

/// A sound deployment in production.
fn place() -> Place {
    Place::new().with("NEXTAUTH_URL", "https://app.example").with("NEXTAUTH_SECRET", SECRET)
}

/// What `keyward check` prints, each line with single spaces.
fn checked(place: &Place) -> Vec<String> {
    let ran = place.run(&["check"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    hides_secrets(&ran);
    ran.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn hides_secrets(ran: &Ran) {
    for hidden in [SECRET, PASSWORD] {
        assert!(!ran.out.contains(hidden) && !ran.err.contains(hidden), "{ran:?}");
    }
}

#[track_caller]
fn has(lines: &[String], wanted: &[&str]) {
    for line in wanted {
        assert!(lines.iter().any(|other| other == line), "{line:?} is not in {lines:#?}");
    }
}

#[test]
fn c1_a_server_and_a_sender_are_enough() {
    let file = format!(
        "[[providers]]\ntype = \"email\"\nserver = \"smtp://acme:{PASSWORD}@mail.example:2525\"\nfrom = \"Acme <no-reply@acme.example>\"\n"
    );
    let lines = checked(&place().file("keyward.toml", &file));
    has(
        &lines,
        &[
            "email Email a link by mail keyward.toml:1",
            "callback https://app.example/api/auth/callback/email",
            "mail server mail.example:2525 keyward.toml:3",
            "lifetime 1d default",
        ],
    );
}

#[test]
fn c1_nextauths_environment_names_server_and_sender() {
    let file = "[[providers]]\ntype = \"email\"\nid = \"link\"\nname = \"Mail\"\nmax_age = \"15m\"\nconfirm_page = true\n";
    let url = format!("smtps://acme:{PASSWORD}@mail.example");
    let sender = "no-reply@acme.example";
    let around = place().with("EMAIL_SERVER", &url).with("EMAIL_FROM", sender);
    has(
        &checked(&around.file("keyward.toml", file)),
        &[
            "link Mail a link by mail keyward.toml:1",
            "mail server mail.example environment EMAIL_SERVER",
            "lifetime 15m keyward.toml:5",
            "scanners stopped by a page with a button",
        ],
    );
    let parts = place()
        .with("EMAIL_SERVER_HOST", "mail.example")
        .with("EMAIL_SERVER_PORT", "2587")
        .with("EMAIL_SERVER_USER", "acme")
        .with("EMAIL_SERVER_PASSWORD", PASSWORD)
        .with("EMAIL_FROM", sender);
    let lines = checked(&parts.file("keyward.toml", file));
    has(&lines, &["mail server mail.example:2587 environment EMAIL_SERVER_HOST"]);
}

#[test]
fn what_file_and_environment_say_otherwise_and_what_is_dangerous_is_noted() {
    let file = "[[providers]]\ntype = \"email\"\nserver = \"smtps://mail.example\"\nfrom = \"a@b.example\"\n\
                dangerous_accept_invalid_certificate = true\n";
    let lines = checked(&place().with("EMAIL_SERVER", "smtp://other.example").file("keyward.toml", file));
    has(
        &lines,
        &[
            "mail server mail.example keyward.toml:3",
            "- EMAIL_SERVER is set, but keyward.toml:3 says another server, which is used",
        ],
    );
    assert!(
        lines.iter().any(|line| line.starts_with("- dangerous_accept_invalid_certificate: ")),
        "{lines:#?}"
    );
}

#[test]
fn development_alone_does_without_a_server() {
    let place = place().file("keyward.toml", "[[providers]]\ntype = \"email\"\n");
    let ran = place.run(&["check"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err.contains("there is no mail server") && ran.err.contains("smtp://user:password@"),
        "{}",
        ran.err
    );
    let ran = place.run(&["check", "--dev"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("/api/auth/-/mailbox"), "{}", ran.out);
}

#[test]
fn every_mistake_has_its_place_and_repeats_no_password() {
    let server = format!("server = \"smtp://acme:{PASSWORD}@mail.example\"");
    let (server, from) = (server.as_str(), "from = \"a@b.example\"");
    let table: &[(&[&str], &str, &str)] = &[
        (&[server], "4:1", "`from` is missing here"),
        (&[server, "from = \"nobody\""], "7:8", "from is no sender"),
        (&[server, "from = \"a@b.example, c@d.example\""], "7:8", "from is no sender"),
        (&[server, from, "host = \"mail.example\""], "8:8", "the mail server is named twice"),
        (&["server = \"mail.example:25\"", from], "6:10", "begins with neither smtp:// nor smtps://"),
        (&["host = \"mail.example\"", from, "user = \"acme\""], "4:1", "there is a user without a password"),
        (&[server, from, "tls = \"none\""], "8:7", "could cross the network unencrypted"),
        (&[server, from, "tls = \"starttls\""], "8:7", "this is none of the choices"),
        (&[server, from, "ca_file = \"nowhere.pem\""], "8:11", "nowhere.pem can't be read"),
        (&[server, from, "max_age = \"1s\""], "8:11", "a link lives for a minute at least"),
        (
            &[server, from, "templates = { subject = \"{{ urll }}\" }"],
            "8:25",
            "the template can't be used: line 1",
        ),
        (&[server, from, "templates = { html_file = \"none.html\" }"], "8:27", "none.html can't be read"),
        (&[server, from, "sing_up = false"], "8:1", "unknown key `sing_up`"),
    ];
    for (lines, place, problem) in table {
        let said = said_after(&format!("[[providers]]\ntype = \"email\"\n{}", lines.join("\n")));
        assert!(said.contains(&format!("keyward.toml:{place}]")), "{lines:?}: {said}");
        assert!(said.contains(problem), "{lines:?}: {said}");
        assert!(!said.contains(PASSWORD), "{said}");
    }
}

#[test]
fn a_template_is_read_at_the_files_folder_and_tried() {
    let file = "[[providers]]\ntype = \"email\"\nserver = \"smtp://localhost\"\nfrom = \"a@b.example\"\n\
                templates = { html_file = \"mail.html\" }\n";
    let sound = place().file("mail.html", "<a href=\"{{ url }}\">{{ host }}</a>").file("keyward.toml", file);
    checked(&sound);
    let broken = "<p>\n{% autoescape false %}{{ name }}{% endautoescape %}";
    let ran = place().file("mail.html", broken).file("keyward.toml", file).run(&["check"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("tags and all"), "{}", ran.err);
}
