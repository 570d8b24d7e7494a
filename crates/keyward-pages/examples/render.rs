//! Writes every page to a folder, to be looked at: `cargo run -p keyward-pages --example render -- pages`.

use std::path::Path;
use std::time::Duration;
use std::{env, fs, io};

use keyward_pages::{
    AddAccountPage, ColorScheme, Colour, ConfirmLinkPage, ErrorPage, ErrorText, Field, Frame, Letter,
    LinkMail, MailTemplates, MailboxPage, ProviderForm, ProviderKind, STYLE_CSS, STYLE_FILE, ShownMail,
    SignInPage, SignOutPage, SignUpPage, Snippet, StartPage, StartUser, THEME_FILE, Theme, VerifyRequestPage,
    error_text, theme_css,
};

const CSRF: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).ok_or_else(|| io::Error::other("usage: render <folder>"))?;
    let folder = Path::new(&folder);
    let plain = Theme::default();
    write_theme(&folder.join("auto"), &plain)?;
    let logo = Some(LOGO.to_owned());
    write_theme(&folder.join("light"), &Theme { color_scheme: ColorScheme::Light, logo, ..plain.clone() })?;
    write_theme(&folder.join("dark"), &Theme { color_scheme: ColorScheme::Dark, ..plain.clone() })?;
    let brand = Colour::parse("#ff5a1f").map_err(io::Error::other)?;
    write_theme(&folder.join("brand"), &Theme { brand_color: Some(brand), name: "Northwind".into(), ..plain })
}

fn write_theme(folder: &Path, theme: &Theme) -> io::Result<()> {
    let assets = folder.join("-/assets");
    fs::create_dir_all(&assets)?;
    fs::write(assets.join(STYLE_FILE), STYLE_CSS)?;
    fs::write(assets.join(THEME_FILE), theme_css(theme))?;
    for (name, html) in pages(theme) {
        // So that the style sheets are found in a folder as well.
        let html = html.replace("/api/auth/-/assets/", "-/assets/");
        fs::write(folder.join(name).with_extension("html"), html)?;
    }
    Ok(())
}

/// Every page in the states that look different.
fn pages(theme: &Theme) -> Vec<(&'static str, String)> {
    let frame = Frame { theme, base: "/api/auth", request_id: "01JD8Z6T4M2V" };
    let texts = &theme.texts;
    let own = ProviderForm {
        id: "password".into(),
        name: "Email and password".into(),
        action: "./callback/password".into(),
        kind: ProviderKind::Credentials { fields: vec![Field::email(texts), Field::current_password(texts)] },
    };
    let redirect = |name: &'static str, brand: &str| ProviderForm {
        id: name.to_lowercase().into(),
        name: name.into(),
        action: "./signin/x".into(),
        kind: ProviderKind::Redirect { brand: Colour::parse(brand).ok() },
    };
    let link = ProviderForm {
        id: "email".into(),
        name: "Email".into(),
        action: "./signin/email".into(),
        kind: ProviderKind::Email { value: "".into() },
    };
    let sign_in = SignInPage {
        frame,
        csrf_token: CSRF,
        callback_url: "http://localhost:3000/",
        error: None,
        providers: vec![own.clone()],
        sign_up_url: Some("./sign_up.html".into()),
        passkey: None,
        reset_url: Some("./reset.html".into()),
    };
    let own_first = own.clone();
    let typed = ProviderForm {
        kind: ProviderKind::Credentials {
            fields: vec![
                Field { value: "ada@example.com".into(), ..Field::email(texts) },
                Field::current_password(texts),
            ],
        },
        ..own.clone()
    };
    let sign_up = SignUpPage {
        frame,
        csrf_token: CSRF,
        callback_url: "http://localhost:3000/",
        action: "./signup",
        fields: vec![Field::name(texts), Field::email(texts), Field::new_password(texts)],
        error: None,
        sign_in_url: "./sign_in.html",
    };
    let error = ErrorPage {
        frame,
        code: "Verification",
        error: error_text("Verification"),
        sign_in_url: Some("./sign_in.html".into()),
        docs_url: None,
    };
    let start = StartPage {
        frame,
        user: None,
        sign_in_url: "./sign_in.html",
        sign_up_url: Some("./sign_up.html".into()),
        account_url: None,
        sign_out_url: "./sign_out.html",
        session_json: None,
        snippets: SNIPPETS.to_vec(),
    };
    vec![
        ("sign_in", sign_in.render()),
        (
            "sign_in_error",
            SignInPage {
                error: Some(error_text("CredentialsSignin")),
                providers: vec![typed],
                ..sign_in.clone()
            }
            .render(),
        ),
        (
            "sign_in_many",
            SignInPage {
                providers: vec![
                    redirect("GitHub", "#24292f"),
                    redirect("Google", "#1a73e8"),
                    redirect("Acme", ""),
                    own,
                    link,
                ],
                ..sign_in.clone()
            }
            .render(),
        ),
        (
            "sign_in_below",
            SignInPage {
                error: Some(error_text("OAuthAccountNotLinked")),
                providers: vec![
                    own_first,
                    redirect("GitHub", "#24292f"),
                    redirect("Microsoft Entra ID", "#0072c6"),
                ],
                ..sign_in.clone()
            }
            .render(),
        ),
        (
            "sign_in_one",
            SignInPage {
                providers: vec![redirect("Notion", "#fff")],
                sign_up_url: None,
                passkey: None,
                reset_url: None,
                ..sign_in.clone()
            }
            .render(),
        ),
        (
            "sign_in_none",
            SignInPage { providers: Vec::new(), sign_up_url: None, reset_url: None, ..sign_in }.render(),
        ),
        ("sign_up", sign_up.render()),
        ("sign_up_error", SignUpPage { error: Some(error_text("weak_password")), ..sign_up }.render()),
        (
            "sign_out",
            SignOutPage {
                frame,
                csrf_token: CSRF,
                action: "./signout",
                callback_url: "",
                stay: "./start.html",
            }
            .render(),
        ),
        (
            "error_message",
            ErrorPage {
                code: "x y",
                error: ErrorText::message(&"Your trial ended on 3 May. ".repeat(9)),
                ..error.clone()
            }
            .render(),
        ),
        (
            "error_configuration",
            ErrorPage {
                code: "Configuration",
                error: error_text("Configuration"),
                sign_in_url: None,
                docs_url: Some("https://example.com/docs".into()),
                ..error.clone()
            }
            .render(),
        ),
        ("error", error.render()),
        (
            "verify_request",
            VerifyRequestPage {
                frame,
                host: "shop.example.com",
                origin: "https://shop.example.com",
                mailbox_url: "./mailbox.html",
            }
            .render(),
        ),
        (
            "confirm_link",
            ConfirmLinkPage {
                frame,
                csrf_token: CSRF,
                action: "./callback/email",
                callback_url: "",
                token: CSRF,
                email: "ada@example.com",
                host: "shop.example.com",
            }
            .render(),
        ),
        (
            "add_account",
            AddAccountPage {
                frame,
                csrf_token: CSRF,
                action: "./signin/github",
                callback_url: "https://shop.example.com/cart",
                provider: "GitHub",
            }
            .render(),
        ),
        ("mailbox", MailboxPage { frame, mails: mails() }.render()),
        ("mail", link_mail(theme, Some(LINK)).html),
        ("mail_unknown", link_mail(theme, None).html),
        (
            "start_signed_in",
            StartPage {
                user: Some(StartUser {
                    name: Some("Ada Lovelace"),
                    email: Some("ada@example.com"),
                    image: None,
                }),
                session_json: Some(SESSION.to_owned()),
                ..start.clone()
            }
            .render(),
        ),
        ("start", start.render()),
    ]
}

const LINK: &str = "https://shop.example.com/api/auth/callback/email?callbackUrl=https%3A%2F%2Fshop.example.com%2F&token=0a1b2c";

fn link_mail(theme: &Theme, url: Option<&str>) -> Letter {
    let lifetime = Duration::from_secs(86_400);
    LinkMail { theme, email: "ada@example.com", host: "shop.example.com", url, lifetime }
        .render(&MailTemplates::default())
}

fn mails() -> Vec<ShownMail<'static>> {
    let text = "Sign in to localhost:3000\nhttp://localhost:3000/api/auth/callback/email?callbackUrl=http%3A%2F%2Flocalhost%3A3000%2F&token=0a1b2c\n\nThis link works once, within 24 hours.\n";
    let subject = "Sign in to localhost:3000";
    vec![
        ShownMail { to: "ada@example.com", subject, at: "12:03:20 UTC", text, html_url: "./mail.html" },
        ShownMail { to: "grace@example.com", subject, at: "12:01:07 UTC", text, html_url: "./mail.html" },
    ]
}

const LOGO: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 120 40'%3E%3Ccircle cx='20' cy='20' r='18' fill='%23c2410c'/%3E%3Crect x='48' y='13' width='72' height='14' rx='7' fill='%23292524'/%3E%3C/svg%3E";

const SESSION: &str = r#"{
  "user": {
    "name": "Ada Lovelace",
    "email": "ada@example.com"
  },
  "expires": "2026-12-21T10:21:17.000Z"
}"#;

const SNIPPETS: &[Snippet<'static>] = &[
    Snippet {
        title: "Next.js",
        file: "next.config.js",
        code: "module.exports = {\n  rewrites: async () => [\n    {\n      source: \"/api/auth/:path*\",\n      destination: \"http://localhost:4000/api/auth/:path*\",\n    },\n  ],\n};",
    },
    Snippet {
        title: "Vite",
        file: "vite.config.js",
        code: "export default {\n  server: {\n    proxy: { \"/api/auth\": { target: \"http://localhost:4000\", xfwd: true } },\n  },\n};",
    },
    Snippet {
        title: "nginx",
        file: "nginx.conf",
        code: "location /api/auth/ {\n  proxy_pass http://127.0.0.1:4000;\n  proxy_set_header Host $host;\n}",
    },
];
