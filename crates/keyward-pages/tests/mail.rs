//! What people, their mail programs and the tests of applications rely on in the mails.

use std::time::Duration;

use keyward_pages::{
    AccountMail, AccountMailKind, AccountTemplates, Colour, Letter, LinkMail, MailPart, MailTemplates, Texts,
    Theme,
};

const URL: &str = "https://app.example/api/auth/callback/email?callbackUrl=https%3A%2F%2Fapp.example%2Fa&token=t&email=a%40b.c";
const DAY: Duration = Duration::from_secs(86_400);
/// Breaks out of text, attributes in either quotes, comments and styles, wherever it is not escaped.
const HOSTILE: &str = r#"</style>--><img src=x onerror='x'>"'{{7*7}}&quot;"#;

fn mail<'a>(theme: &'a Theme, url: Option<&'a str>) -> LinkMail<'a> {
    LinkMail { theme, email: "ada@example.com", host: "app.example", url, lifetime: DAY }
}

fn built_in(theme: &Theme) -> Letter {
    mail(theme, Some(URL)).render(&MailTemplates::default())
}

#[test]
fn c1_the_mail_names_the_host_and_holds_the_link_in_both_parts() {
    let letter = built_in(&Theme::default());
    assert_eq!(letter.subject, "Sign in to app.example");
    assert!(letter.text.starts_with(&format!("Sign in to app.example\n{URL}\n\n")), "{}", letter.text);
    assert!(letter.text.contains("works once, within 24 hours"), "{}", letter.text);
    let href = format!("href=\"{}\"", URL.replace('&', "&#38;"));
    assert_eq!(letter.html.matches(&href).count(), 1, "{}", letter.html);
}

#[test]
fn mail_programs_find_no_host_to_make_a_link_of() {
    let letter = built_in(&Theme::default());
    assert!(letter.html.contains("Sign in to app\u{200b}.example"), "{}", letter.html);
    let shown = letter.html.replace(&format!("href=\"{}\"", URL.replace('&', "&#38;")), "");
    assert_eq!(shown.matches("app.example").count(), 1, "the title, which nothing shows as text: {shown}");
    assert!(!letter.text.contains('\u{200b}'), "{}", letter.text);
}

#[test]
fn the_button_has_the_colours_of_the_theme() {
    let brand = Colour::parse("#ffd60a").expect("a colour");
    let html = built_in(&Theme { brand_color: Some(brand), ..Theme::default() }).html;
    assert!(html.contains("bgcolor=\"#ffd60a\"") && html.contains("color:#000000;"), "{html}");
    let text = Colour::parse("#331").expect("a colour");
    let html =
        built_in(&Theme { brand_color: Some(brand), button_text: Some(text), ..Theme::default() }).html;
    assert!(html.contains("color:#333311;"), "{html}");
}

#[test]
fn lesson_76_hostile_text_in_any_variable_of_a_mail_stays_text() {
    let theme = |text: &str| {
        let mut theme = Theme { name: text.to_owned(), ..Theme::default() };
        for key in Texts::KEYS {
            theme.texts.set(key, format!("{text}{{host}}{{lifetime}}")).expect("every key can be set");
        }
        theme
    };
    for known in [true, false] {
        let html = |text: &str| {
            let theme = theme(text);
            let mail = LinkMail {
                theme: &theme,
                email: text,
                host: text,
                url: known.then_some(text),
                lifetime: DAY,
            };
            mail.render(&MailTemplates::default()).html
        };
        let (hostile, harmless) = (html(HOSTILE), html("harmless"));
        assert!(!hostile.contains("<img") && hostile.contains("&#60;img"), "{hostile}");
        for mark in ['<', '>', '"'] {
            let count = |page: &str| page.matches(mark).count();
            assert_eq!(count(&hostile), count(&harmless), "{mark} in {hostile}");
        }
    }
}

#[test]
fn lesson_76_hostile_text_in_any_variable_of_a_mail_about_an_account_stays_text() {
    for kind in AccountMailKind::ALL {
        for has_url in [true, false] {
            let html = |text: &str| {
                let mut theme = Theme { name: text.to_owned(), ..Theme::default() };
                for key in Texts::KEYS {
                    theme
                        .texts
                        .set(key, format!("{text}{{host}}{{lifetime}}"))
                        .expect("every key can be set");
                }
                let url = has_url.then_some(text);
                let mail = AccountMail { theme: &theme, kind, email: text, host: text, url, lifetime: DAY };
                mail.render(&AccountTemplates::default()).html
            };
            let (hostile, harmless) = (html(HOSTILE), html("harmless"));
            assert!(!hostile.contains("<img") && hostile.contains("&#60;img"), "{hostile}");
            for mark in ['<', '>', '"'] {
                let count = |page: &str| page.matches(mark).count();
                assert_eq!(count(&hostile), count(&harmless), "{kind:?} {mark} in {hostile}");
            }
        }
    }
}

#[test]
fn mails_about_an_account_say_what_it_is_about_and_hold_their_link() {
    let theme = Theme::default();
    let write = |kind, url| {
        let mail = AccountMail {
            theme: &theme,
            kind,
            email: "ada@example.com",
            host: "app.example",
            url,
            lifetime: DAY,
        };
        mail.render(&AccountTemplates::default())
    };
    let mut subjects = Vec::new();
    for kind in AccountMailKind::ALL {
        let letter = write(kind, Some(URL));
        assert!(letter.text.starts_with(&format!("{}\n{URL}\n", letter.subject)), "{kind:?} {}", letter.text);
        assert!(letter.html.contains(&format!("href=\"{}\"", URL.replace('&', "&#38;"))), "{kind:?}");
        assert!(letter.text.contains("within 24 hours"), "{kind:?}");
        assert!(!letter.text.contains(['{', '}']), "{kind:?} {}", letter.text);
        subjects.push(letter.subject);
        let letter = write(kind, None);
        assert!(!letter.text.contains("http") && !letter.html.contains("href"), "{kind:?}");
    }
    subjects.sort();
    subjects.dedup();
    assert_eq!(subjects.len(), AccountMailKind::ALL.len(), "each mail is told from the others: {subjects:?}");
}

#[test]
fn an_own_template_is_for_its_own_kind_of_mail() {
    let theme = Theme::default();
    let mut own = AccountTemplates::default();
    own.of_mut(AccountMailKind::Reset).set(MailPart::Subject, "Reset at {{host}}").expect("fine");
    let subject = |kind, url| {
        let mail = AccountMail {
            theme: &theme,
            kind,
            email: "ada@example.com",
            host: "app.example",
            url,
            lifetime: DAY,
        };
        mail.render(&own).subject
    };
    assert_eq!(subject(AccountMailKind::Reset, Some(URL)), "Reset at app.example");
    assert_eq!(
        subject(AccountMailKind::Reset, None),
        "Reset your password for app.example",
        "it has no link"
    );
    assert_eq!(subject(AccountMailKind::Verify, Some(URL)), "Confirm your email for app.example");
}

#[test]
fn a_subject_stays_one_line_whatever_stands_in_it() {
    let mut theme = Theme::default();
    theme.texts.set("mail_subject", "Hello\r\nBcc: x@y.z\n".to_owned()).expect("a key");
    assert_eq!(built_in(&theme).subject, "Hello  Bcc: x@y.z");
    let mut own = MailTemplates::default();
    own.set(MailPart::Subject, "Hi\n{{name}}").expect("a template");
    assert_eq!(mail(&theme, Some(URL)).render(&own).subject, "Hi Keyward");
}

#[test]
fn the_lifetime_is_said_in_the_largest_unit_that_fits_it() {
    for (seconds, words) in [
        (30, "30 seconds"),
        (60, "60 seconds"),
        (600, "10 minutes"),
        (3600, "60 minutes"),
        (86_400, "24 hours"),
        (3 * 86_400, "3 days"),
    ] {
        let theme = Theme::default();
        let mail = LinkMail { lifetime: Duration::from_secs(seconds), ..mail(&theme, Some(URL)) };
        let text = mail.render(&MailTemplates::default()).text;
        assert!(text.contains(&format!("within {words}.")), "{text}");
    }
}

#[test]
fn an_address_that_nobody_has_is_told_so_by_mail_without_a_link() {
    let letter = mail(&Theme::default(), None).render(&MailTemplates::default());
    assert!(letter.text.contains("there is no account with it"), "{}", letter.text);
    assert!(!letter.html.contains("href") && !letter.text.contains("http"), "{}", letter.html);
    assert_eq!(letter.subject, "Sign in to app.example", "as for anybody");
}

#[test]
fn an_own_template_takes_the_place_of_its_part_and_its_variables_are_escaped() {
    let mut own = MailTemplates::default();
    own.set(MailPart::Html, "<p>{{name}} {{host}} {{email}}</p><a href=\"{{url}}\">{{lifetime}}</a>")
        .expect("fine");
    own.set(MailPart::Text, "{{name}}: {{url}}").expect("fine");
    let theme = Theme { name: "<b>R&D</b>".to_owned(), ..Theme::default() };
    let letter = LinkMail { email: "\"><i>@b.c", ..mail(&theme, Some("https://a.b/?a=1&b=\"")) }.render(&own);
    assert_eq!(letter.text, "<b>R&D</b>: https://a.b/?a=1&b=\"", "text is text");
    assert!(
        letter.html.starts_with("<p>&lt;b&gt;R&amp;D&lt;&#x2f;b&gt; app\u{200b}.example "),
        "{}",
        letter.html
    );
    assert_eq!(letter.html.matches(['<', '>']).count(), 8, "{}", letter.html);
    assert_eq!(letter.html.matches('"').count(), 2, "{}", letter.html);
    assert_eq!(letter.subject, "Sign in to app.example", "a part without a template is the built-in one");
}

#[test]
fn lesson_76_a_template_that_turns_escaping_off_is_refused() {
    for source in ["{% autoescape false %}{{name}}{% endautoescape %}", "{{ name|safe }}", "{{ email|e }}"] {
        assert!(MailTemplates::default().set(MailPart::Html, source).is_err(), "{source}");
    }
}

#[test]
fn a_template_that_cannot_be_used_says_where() {
    let refused =
        |source| MailTemplates::default().set(MailPart::Text, source).expect_err("refused").to_string();
    assert!(refused("Hello\n{{ urll }}").starts_with("line 2: "), "{}", refused("Hello\n{{ urll }}"));
    assert!(refused("{% if %}").starts_with("line 1: "), "{}", refused("{% if %}"));
}
