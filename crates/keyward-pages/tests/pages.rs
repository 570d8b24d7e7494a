//! What applications, their end-to-end tests and the browser's protections rely on in the pages.

use keyward_pages::{
    AccountForm, AccountFormPage, ColorScheme, Colour, ConfirmLinkPage, ErrorPage, ErrorText, Field, Frame,
    MailboxPage, ProviderForm, ProviderKind, STYLE_FILE, ShownMail, SignInPage, SignOutPage, SignUpPage,
    Snippet, StartPage, StartUser, Texts, Theme, VerifyRequestPage, error_text,
};

/// Breaks out of text, attributes in either quotes, comments and scripts, wherever it is not escaped.
const HOSTILE: &str = r#"</script></style>--><img src=x onerror='x'>"'`{{7*7}}&quot;"#;

fn frame(theme: &Theme) -> Frame<'_> {
    Frame { theme, base: "/api/auth", request_id: "req-1" }
}

fn own_accounts(texts: &Texts) -> ProviderForm<'_> {
    ProviderForm {
        id: "password".into(),
        name: "Keyward".into(),
        action: "/api/auth/callback/password".into(),
        kind: ProviderKind::Credentials { fields: vec![Field::email(texts), Field::current_password(texts)] },
    }
}

fn redirect(name: &str) -> ProviderForm<'_> {
    let action = format!("/api/auth/signin/{name}").into();
    ProviderForm { id: name.into(), name: name.into(), action, kind: ProviderKind::Redirect { brand: None } }
}

fn sign_in<'a>(theme: &'a Theme, providers: Vec<ProviderForm<'a>>) -> SignInPage<'a> {
    SignInPage {
        frame: frame(theme),
        csrf_token: "csrf-1",
        callback_url: "https://app.example/a",
        error: None,
        providers,
        sign_up_url: Some("/api/auth/-/account/sign-up".to_owned()),
        passkey: None,
        reset_url: Some("/api/auth/-/reset".to_owned()),
    }
}

/// Every page with `text` in every variable (but for the error's code, which is left out unless it is one).
fn every_page(theme: &Theme, text: &str) -> Vec<String> {
    let owned = || Some(text.to_owned());
    let hostile = Frame { theme, base: text, request_id: text };
    let field = || Field {
        name: text.into(),
        label: text.into(),
        input_type: text.into(),
        placeholder: text.into(),
        autocomplete: text.into(),
        hint: text.into(),
        required: true,
        value: text.into(),
        attributes: vec![("title".into(), text.into())],
    };
    let provider = |kind| ProviderForm { id: text.into(), name: text.into(), action: text.into(), kind };
    let error = ErrorText::new(text.to_owned(), text.to_owned());
    let user = StartUser { name: Some(text), email: Some(text), image: Some(text) };
    let start = StartPage {
        frame: hostile,
        user: Some(user),
        sign_in_url: text,
        sign_up_url: owned(),
        account_url: owned(),
        sign_out_url: text,
        session_json: owned(),
        snippets: vec![Snippet { title: text, file: text, code: text }],
    };
    vec![
        SignInPage {
            frame: hostile,
            csrf_token: text,
            callback_url: text,
            error: Some(error.clone()),
            providers: vec![
                provider(ProviderKind::Redirect { brand: None }),
                provider(ProviderKind::Email { value: text.into() }),
                provider(ProviderKind::Credentials { fields: vec![field()] }),
            ],
            sign_up_url: owned(),
            passkey: None,
            reset_url: owned(),
        }
        .render(),
        AccountFormPage {
            frame: hostile,
            kind: text,
            title: text,
            text,
            error: Some(error.clone()),
            form: Some(AccountForm {
                action: text,
                csrf_token: text,
                hidden: vec![(text, text)],
                fields: vec![field()],
                button: text,
                is_final: true,
            }),
            links: vec![(text, text)],
            mailbox_url: text,
        }
        .render(),
        SignUpPage {
            frame: hostile,
            csrf_token: text,
            callback_url: text,
            action: text,
            fields: vec![field()],
            error: Some(error.clone()),
            sign_in_url: text,
        }
        .render(),
        SignOutPage { frame: hostile, csrf_token: text, action: text, callback_url: text, stay: text }
            .render(),
        ErrorPage { frame: hostile, code: "code", error, sign_in_url: owned(), docs_url: owned() }.render(),
        VerifyRequestPage { frame: hostile, host: text, origin: text, mailbox_url: text }.render(),
        ConfirmLinkPage {
            frame: hostile,
            csrf_token: text,
            action: text,
            callback_url: text,
            token: text,
            email: text,
            host: text,
        }
        .render(),
        MailboxPage {
            frame: hostile,
            mails: vec![ShownMail { to: text, subject: text, at: text, text, html_url: text }],
        }
        .render(),
        StartPage { user: None, ..start.clone() }.render(),
        start.render(),
    ]
}

/// A theme with `text` wherever a theme has text.
fn theme_of(text: &str) -> Theme {
    let mut theme = Theme { name: text.to_owned(), logo: Some(text.to_owned()), ..Theme::default() };
    for key in Texts::KEYS {
        theme.texts.set(key, text.to_owned()).expect("every key can be set");
    }
    theme
}

#[test]
fn lesson_76_hostile_text_in_any_variable_stays_text() {
    // With harmless text in the same places the pages must have the very same tags and attributes.
    let harmless = every_page(&theme_of("harmless"), "harmless");
    for (hostile, harmless) in every_page(&theme_of(HOSTILE), HOSTILE).iter().zip(&harmless) {
        assert!(!hostile.contains("<img src=x") && !hostile.contains("</script"), "{hostile}");
        for mark in ['<', '>', '"'] {
            let count = |page: &str| page.matches(mark).count();
            assert_eq!(count(hostile), count(harmless), "{mark} in {hostile}");
        }
        assert!(hostile.contains("&#60;/script&#62;"), "escaped, not dropped: {hostile}");
    }
}

#[test]
fn pages_have_no_script_and_no_inline_style() {
    for page in every_page(&Theme::default(), "plain") {
        for banned in ["<script", "<style", " style=", "javascript:", " onclick", " onload"] {
            assert!(!page.contains(banned), "{banned} in {page}");
        }
    }
}

#[test]
fn b1_a_declared_attribute_reaches_the_input_and_a_dangerous_one_does_not() {
    let theme = Theme::default();
    let attributes = [
        ("minlength", "8"),
        ("data-kind", HOSTILE),
        ("autocapitalize", "words"),
        ("onfocus", "x"),
        ("OnClick", "x"),
        ("style", "x"),
        ("formaction", "https://evil.example"),
        ("name", "x"),
        ("TYPE", "x"),
        ("a b", "x"),
        ("", "x"),
    ];
    let field = Field {
        name: "email".into(),
        input_type: "email".into(),
        attributes: attributes.map(|(name, value)| (name.into(), value.into())).to_vec(),
        ..Field::default()
    };
    let form = ProviderForm {
        kind: ProviderKind::Credentials { fields: vec![field] },
        ..own_accounts(&theme.texts)
    };
    let page = sign_in(&theme, vec![form]).render();
    let input = page.split("<input id=").nth(1).and_then(|rest| rest.split("autofocus>").next()).unwrap();
    assert!(input.contains(" minlength=\"8\" data-kind=\"&#60;/script"), "{input}");
    assert!(input.contains(" autocapitalize=\"words\" spellcheck=\"false\""), "once, as declared: {input}");
    assert_eq!(input.matches("autocapitalize").count(), 1, "{input}");
    for refused in ["onfocus", "OnClick", " style", "formaction", "TYPE", "a b", "=\"x\""] {
        assert!(!input.contains(refused), "{refused} in {input}");
    }
}

#[test]
fn every_page_has_a_language_one_heading_and_one_main_landmark() {
    for page in every_page(&Theme::default(), "plain") {
        assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">"), "{page}");
        assert_eq!(page.matches("<h1").count(), 1, "{page}");
        assert_eq!(page.matches("<main>").count(), 1, "{page}");
        assert_eq!(page.matches("<title>").count(), 1, "{page}");
        assert!(page.contains("<div class=\"page\">") && page.contains("<div class=\"card\">"), "{page}");
    }
}

#[test]
fn the_style_sheet_is_linked_by_its_hash_and_the_theme_only_where_there_is_one() {
    let plain = Theme::default();
    let page = sign_in(&plain, Vec::new()).render();
    assert!(page.contains(&format!("href=\"/api/auth/-/assets/{STYLE_FILE}\"")), "{page}");
    assert!(!page.contains("theme.css"), "{page}");

    let href = |colour: &str| {
        let theme = Theme { brand_color: Some(Colour::parse(colour).unwrap()), ..Theme::default() };
        let page = sign_in(&theme, Vec::new()).render();
        let start = page.find("/api/auth/-/assets/theme.css?v=").unwrap();
        page[start..start + 47].to_owned()
    };
    assert_ne!(href("#123456"), href("#123457"), "another theme is another address");
}

#[test]
fn c4_the_body_names_the_colour_scheme_as_nextauth_does() {
    let schemes = [
        (ColorScheme::Auto, "auto", "light dark"),
        (ColorScheme::Light, "light", "light"),
        (ColorScheme::Dark, "dark", "dark"),
    ];
    for (color_scheme, class, meta) in schemes {
        let theme = Theme { color_scheme, ..Theme::default() };
        let page = sign_in(&theme, Vec::new()).render();
        assert!(page.contains(&format!("<body class=\"__next-auth-theme-{class}\">")), "{page}");
        assert!(page.contains(&format!("<meta name=\"color-scheme\" content=\"{meta}\">")), "{page}");
    }
}

#[test]
fn c4_the_sign_in_page_keeps_the_forms_and_ids_of_nextauth() {
    let theme = Theme::default();
    let link = ProviderForm { kind: ProviderKind::Email { value: "a@b.c".into() }, ..redirect("Email") };
    let page = sign_in(&theme, vec![redirect("GitHub"), own_accounts(&theme.texts), link]).render();
    assert!(page.contains("<div class=\"signin\">"), "{page}");
    assert!(page.contains("action=\"/api/auth/signin/GitHub\" method=\"POST\""), "{page}");
    assert!(page.contains("action=\"/api/auth/callback/password\" method=\"POST\""), "{page}");
    assert_eq!(page.matches("<input type=\"hidden\" name=\"csrfToken\" value=\"csrf-1\">").count(), 3);
    assert_eq!(page.matches("name=\"callbackUrl\" value=\"https://app.example/a\"").count(), 3);
    assert!(
        page.contains("<input id=\"input-email-for-password-provider\" name=\"email\" type=\"email\""),
        "{page}"
    );
    assert!(page.contains("<label for=\"input-password-for-password-provider\">Password</label>"), "{page}");
    assert!(page.contains(
        "<input id=\"input-email-for-Email-provider\" name=\"email\" type=\"email\" value=\"a@b.c\""
    ));
    assert!(page.contains(">Sign in with GitHub</button>"), "{page}");
    assert_eq!(page.matches("<hr").count(), 2, "{page}");
}

#[test]
fn a_callback_address_that_is_left_to_the_cookie_is_not_in_the_form() {
    let theme = Theme::default();
    let page = SignInPage { callback_url: "", ..sign_in(&theme, vec![own_accounts(&theme.texts)]) }.render();
    assert!(!page.contains("callbackUrl"), "{page}");
}

#[test]
fn a_lone_form_says_sign_in_and_its_accessible_name_says_with_what() {
    let theme = Theme::default();
    let page = sign_in(&theme, vec![own_accounts(&theme.texts)]).render();
    assert!(page.contains(">Sign in<span class=\"unseen\"> with Keyward</span></button>"), "{page}");
}

#[test]
fn an_error_is_announced_and_described_at_every_input() {
    let theme = Theme::default();
    let calm = sign_in(&theme, vec![own_accounts(&theme.texts)]);
    let failed = SignInPage { error: Some(error_text("CredentialsSignin")), ..calm.clone() }.render();
    assert!(failed.contains("<div class=\"error\" id=\"form-error\" role=\"alert\">"), "{failed}");
    assert!(failed.contains("<p>Check what you entered and try again.</p>\n</div>"), "{failed}");
    assert_eq!(failed.matches("aria-describedby=\"form-error\"").count(), 2, "{failed}");
    assert!(!failed.contains("aria-invalid"), "which of the two is wrong is not told: {failed}");
    let calm = calm.render();
    assert!(!calm.contains("form-error") && !calm.contains("role=\"alert\""), "{calm}");
}

#[test]
fn an_error_about_one_field_marks_it_and_starts_in_it() {
    let theme = Theme::default();
    let texts = &theme.texts;
    let page = SignUpPage {
        frame: frame(&theme),
        csrf_token: "csrf-1",
        callback_url: "",
        action: "/sign-up",
        fields: vec![Field::name(texts), Field::email(texts), Field::new_password(texts)],
        error: Some(error_text("weak_password")),
        sign_in_url: "/api/auth/signin",
    }
    .render();
    let password = "<input id=\"input-password-for-sign-up-provider\" name=\"password\" type=\"password\" \
        autocomplete=\"new-password\" \
        aria-describedby=\"form-error input-password-for-sign-up-provider-hint\" aria-invalid=\"true\" required \
        autofocus>";
    assert!(page.contains(password), "{page}");
    assert!(page.contains("<p class=\"hint\" id=\"input-password-for-sign-up-provider-hint\">"), "{page}");
    assert_eq!((page.matches("aria-invalid").count(), page.matches("autofocus").count()), (1, 1), "{page}");
}

#[test]
fn the_cursor_starts_in_the_first_empty_input_unless_the_page_opens_with_a_button() {
    let theme = Theme::default();
    let mut form = own_accounts(&theme.texts);
    let page = sign_in(&theme, vec![form.clone()]).render();
    assert!(page.contains(
        "autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required autofocus>"
    ));

    let page = sign_in(&theme, vec![redirect("GitHub"), form.clone()]).render();
    assert!(!page.contains("autofocus"), "{page}");

    if let ProviderKind::Credentials { fields } = &mut form.kind {
        fields[0].value = "ada@example.com".into();
    }
    let page = sign_in(&theme, vec![form]).render();
    assert!(page.contains("autocomplete=\"current-password\" required autofocus>"), "{page}");
}

#[test]
fn c4_the_sign_out_page_is_one_form_with_its_submit_button() {
    let theme = Theme::default();
    let page = SignOutPage {
        frame: frame(&theme),
        csrf_token: "csrf-1",
        action: "/api/auth/signout",
        callback_url: "",
        stay: "",
    };
    let html = page.render();
    assert!(html.contains("<div class=\"signout\">"), "{html}");
    assert!(html.contains("<form action=\"/api/auth/signout\" method=\"POST\">"), "{html}");
    assert!(html.contains("name=\"csrfToken\" value=\"csrf-1\""), "{html}");
    assert!(html.contains("id=\"submitButton\" type=\"submit\">Sign out</button>"), "{html}");
    assert!(!html.contains("Stay signed in"), "there is nowhere to stay: {html}");
    let html = SignOutPage { stay: "/a", ..page }.render();
    assert!(html.contains("<a class=\"button\" href=\"/a\">Stay signed in</a>"), "{html}");
}

#[test]
fn c4_the_error_page_has_the_message_a_way_on_and_the_request_id() {
    let theme = Theme::default();
    let page = ErrorPage {
        frame: frame(&theme),
        code: "AccessDenied",
        error: error_text("AccessDenied"),
        sign_in_url: Some("/api/auth/signin".to_owned()),
        docs_url: None,
    };
    let html = page.render();
    assert!(html.contains("<div class=\"error\">\n<div class=\"card\">"), "{html}");
    assert!(html.contains("<div class=\"message\">\n<p>This account"), "{html}");
    assert!(html.contains("<a class=\"button primary\" href=\"/api/auth/signin\">"), "{html}");
    assert!(html.contains("<dd>AccessDenied</dd>") && html.contains("<dd>req-1</dd>"), "{html}");

    let free_text = ErrorPage { code: "Call 555 now", error: ErrorText::message("<b>Blocked</b>"), ..page };
    let html = free_text.render();
    assert!(!html.contains("Call 555 now"), "a code that is none is not repeated: {html}");
    assert!(html.contains("<p>&#60;b&#62;Blocked&#60;/b&#62;</p>"), "{html}");
}

#[test]
fn c4_the_verify_request_page_links_back_to_the_origin() {
    let theme = Theme::default();
    let page = VerifyRequestPage {
        frame: frame(&theme),
        host: "app.example",
        origin: "https://app.example",
        mailbox_url: "",
    };
    let html = page.render();
    assert!(!html.contains("mailbox"), "{html}");
    assert!(html.contains("<div class=\"verify-request\">"), "{html}");
    assert!(
        html.contains("<a class=\"button site\" href=\"https://app.example\">Back to app.example</a>"),
        "{html}"
    );
}

#[test]
fn c1_in_development_the_verify_request_page_leads_to_the_mailbox() {
    let theme = Theme::default();
    let mailbox_url = "/api/auth/-/mailbox";
    let page = VerifyRequestPage { frame: frame(&theme), host: "h", origin: "https://h", mailbox_url };
    assert!(page.render().contains("<a class=\"button primary\" href=\"/api/auth/-/mailbox\">"));
}

#[test]
fn lesson_37_the_page_behind_a_link_is_one_form_with_one_button() {
    let theme = Theme::default();
    let html = ConfirmLinkPage {
        frame: frame(&theme),
        csrf_token: "csrf-1",
        action: "/api/auth/callback/email",
        callback_url: "https://app.example/a",
        token: "t0ken",
        email: "ada@example.com",
        host: "app.example",
    }
    .render();
    assert!(html.contains("<form action=\"/api/auth/callback/email\" method=\"POST\">"), "{html}");
    assert!(html.contains("Press the button to sign in to app.example as ada@example.com."), "{html}");
    for (name, value) in [
        ("csrfToken", "csrf-1"),
        ("callbackUrl", "https://app.example/a"),
        ("token", "t0ken"),
        ("email", "ada@example.com"),
    ] {
        let input = format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
        assert!(html.contains(&input), "{name} in {html}");
    }
    assert_eq!((html.matches("<button").count(), html.matches("<a ").count()), (1, 0), "{html}");
}

#[test]
fn c1_the_mailbox_shows_each_mail_with_its_link_to_press() {
    let theme = Theme::default();
    let mail = ShownMail {
        to: "ada@example.com",
        subject: "Sign in to localhost",
        at: "12:00",
        html_url: "/api/auth/-/mailbox/1",
        text: "Hello\nhttp://localhost/x?a=1&b=2\n\njavascript:alert(1)",
    };
    let html = MailboxPage { frame: frame(&theme), mails: vec![mail] }.render();
    assert!(html.contains("<a href=\"http://localhost/x?a=1&#38;b=2\">"), "{html}");
    assert!(html.contains("<a href=\"/api/auth/-/mailbox/1\">HTML part</a>"), "{html}");
    assert_eq!(html.matches("<a ").count(), 2, "{html}");
    let empty = MailboxPage { frame: frame(&theme), mails: Vec::new() }.render();
    assert!(empty.contains("Nothing has been sent yet."), "{empty}");
}

#[test]
fn the_start_page_says_who_is_signed_in_or_offers_to() {
    let theme = Theme::default();
    let nobody = StartPage {
        frame: frame(&theme),
        user: None,
        sign_in_url: "/api/auth/signin",
        sign_up_url: None,
        account_url: None,
        sign_out_url: "/api/auth/signout",
        session_json: None,
        snippets: vec![Snippet { title: "Vite", file: "vite.config.js", code: "proxy" }],
    };
    let html = nobody.render();
    assert!(html.contains("<a class=\"button primary\" href=\"/api/auth/signin\">Sign in</a>"), "{html}");
    assert!(!html.contains("Sign out") && html.contains("<code>/api/auth</code>"), "{html}");

    let user = StartUser { name: Some(" "), email: Some("ada@example.com"), image: None };
    let html = StartPage {
        user: Some(user),
        account_url: Some("/api/auth/-/account".to_owned()),
        session_json: Some("{\n}".to_owned()),
        ..nobody
    }
    .render();
    assert!(html.contains("<a class=\"button\" href=\"/api/auth/-/account\">Account</a>"), "{html}");
    assert!(html.contains("<strong>ada@example.com</strong>"), "a blank name is none: {html}");
    assert_eq!(html.matches("ada@example.com").count(), 1, "said once: {html}");
    assert!(html.contains("<span class=\"avatar\" aria-hidden=\"true\">A</span>"), "{html}");
    assert!(html.contains("aria-label=\"Session\">{\n}</pre>"), "{html}");
}

#[test]
fn own_texts_replace_the_english_ones() {
    let mut theme = Theme { name: "Laden".to_owned(), ..Theme::default() };
    theme.texts.set("lang", "de".to_owned()).unwrap();
    theme.texts.set("sign_in_title", "Anmelden".to_owned()).unwrap();
    theme.texts.set("sign_in_subtitle", "bei {name}".to_owned()).unwrap();
    let page = sign_in(&theme, Vec::new()).render();
    assert!(page.contains("<html lang=\"de\">") && page.contains("<h1>Anmelden</h1>"), "{page}");
    assert!(page.contains("<title>Anmelden · Laden</title>") && page.contains(">bei Laden</p>"), "{page}");
}

#[test]
fn c5_a_providers_button_has_its_letter_on_its_colour_and_no_logo() {
    let theme = Theme::default();
    let branded = |name: &'static str, brand: &str| ProviderForm {
        kind: ProviderKind::Redirect { brand: Colour::parse(brand).ok() },
        ..redirect(name)
    };
    let html = sign_in(&theme, vec![branded("osu!", "#ffd21e"), branded("42 School", "none")]).render();
    // The letter is a drawing that nobody hears: the button is called "Sign in with osu!".
    assert!(html.contains(
        r##"aria-hidden="true"><rect x=".5" y=".5" width="23" height="23" rx="6.5" fill="#ffd21e"/>"##
    ));
    assert!(
        html.contains(r##"text-anchor="middle" fill="#000000">O</text></svg>Sign in with osu!</button>"##),
        "{html}"
    );
    assert!(html.contains(
        r##"rx="6.5"/><text x="12" y="16.5" text-anchor="middle">4</text></svg>Sign in with 42 School"##
    ));
    assert!(
        !html.contains("style=") && !html.contains("<img"),
        "colours are attributes, and nothing is fetched"
    );
    let alone = sign_in(&theme, vec![branded("osu!", "#ffd21e")]).render();
    assert!(
        alone.contains("button primary") && !html.contains("button primary"),
        "the only way is the main one"
    );
}
