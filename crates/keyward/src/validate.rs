//! The rules that settings must keep, all in one place.

mod admin;
mod clients;
mod oauth;
mod outgoing;
mod passkeys;
mod tokens;

use std::collections::HashSet;

use http::HeaderName;
use keyward_core::{
    address::{AddressError, PublicUrl},
    claims::RESERVED,
    dialect::Dialect,
    settings::{Field, Verification},
};
use keyward_pages::may_declare;
use url::{Host, Url};

use crate::{
    accounts::AccountsSettings,
    mistake::Mistake,
    plan::{BackendSettings, Plan, Way},
    strength,
};

/// Every mistake in the settings, in the order of the configuration file.
pub(crate) fn mistakes(plan: &Plan) -> Vec<Mistake> {
    let mut found = Vec::new();
    public_url(plan, &mut found);
    secrets(plan, &mut found);
    origins(plan, &mut found);
    if plan.store.is_none() {
        found.push(Mistake::new(
            "database.url",
            "no database is named",
            "name one, such as sqlite:keyward.db (`.sqlite(path)` in Rust)",
        ));
    }
    session(plan, &mut found);
    pages(plan, &mut found);
    landing_places(plan, &mut found);
    accounts(plan, &mut found);
    account_mail(plan, &mut found);
    clients::mistakes(plan, &mut found);
    tokens::mistakes(plan, &mut found);
    admin::mistakes(plan, &mut found);
    passkeys::mistakes(plan, &mut found);
    providers(plan, &mut found);
    outgoing::hooks(plan, &mut found);
    found
}

fn account_mail(plan: &Plan, found: &mut Vec<Mistake>) {
    if let Some(mail) = &plan.account_mail {
        mail.mistakes(plan.development, found);
    }
    let is_required = |accounts: &AccountsSettings| accounts.verification == Verification::Required;
    if plan.accounts.as_ref().is_some_and(is_required) && plan.mails_about_accounts().is_none() {
        found.push(Mistake::new(
            "accounts.verification",
            "nobody could prove their address: no mail can be sent",
            "name a mail server, such as server = \"smtp://user:password@mail.example:587\" in [mail], and the \
             sender in `from`",
        ));
    }
}

fn public_url(plan: &Plan, found: &mut Vec<Mistake>) {
    if let Err(error) = PublicUrl::new(&plan.public_url, &plan.base_path) {
        // A base path in the address itself is the address's mistake.
        let in_base = matches!(&error, AddressError::BasePath(path) if *path == plan.base_path);
        let (field, remedy) = if in_base {
            ("base_path", "write a path such as /api/auth")
        } else {
            ("public_url", "write the address in people's browsers, such as https://app.example")
        };
        found.push(Mistake::new(field, error.to_string(), remedy));
    } else if !plan.development
        && Url::parse(&plan.public_url).is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url))
    {
        found.push(Mistake::new(
            "public_url",
            "passwords and cookies would travel unencrypted over http",
            "serve people over https and write https:// here; http is for localhost alone",
        ));
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

const MAKE_A_SECRET: &str = "make one with `openssl rand -base64 32` and keep it out of the repository";

fn secrets(plan: &Plan, found: &mut Vec<Mistake>) {
    let several = plan.secrets.len() > 1;
    if several && plan.dialect != Dialect::AuthJs5 {
        found.push(Mistake::new(
            "secrets",
            "only the dialect auth-js-5 can open sessions with more than one secret",
            "keep the newest alone, or set the dialect to auth-js-5",
        ));
    }
    for (index, secret) in plan.secrets.iter().enumerate() {
        let problem = if plan.development {
            secret.is_empty().then_some("there is no secret")
        } else {
            strength::problem_with(secret)
        };
        if let Some(problem) = problem {
            let field = if several { format!("secrets[{index}]") } else { "secret".to_owned() };
            found.push(Mistake::new(field, problem, MAKE_A_SECRET));
        }
    }
}

fn origins(plan: &Plan, found: &mut Vec<Mistake>) {
    for (index, origin) in plan.allowed_origins.iter().enumerate() {
        if !is_origin(origin) {
            found.push(Mistake::new(
                format!("allowed_origins[{index}]"),
                format!("{origin:?} is not an origin"),
                "write scheme, host and port alone, in lower case, such as https://docs.example",
            ));
        }
    }
}

/// Scheme, host and port alone, as browsers write them.
fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == *text
    })
}

/// Ten years: cookies that live longer are cut by browsers anyway.
const LONGEST_SESSION: u64 = 10 * 366 * 24 * 60 * 60;

fn session(plan: &Plan, found: &mut Vec<Mistake>) {
    let session = &plan.session;
    let seconds = session.max_age.as_secs();
    if seconds == 0 || seconds > LONGEST_SESSION {
        found.push(Mistake::new(
            "session.max_age",
            "a session lives for a second at least and ten years at most",
            "write a span such as 30d",
        ));
    }
    if session.update_age > session.max_age {
        found.push(Mistake::new(
            "session.update_age",
            "a session would expire before it is renewed",
            "write a span shorter than session.max_age",
        ));
    }
    if session.recent.is_zero() {
        found.push(Mistake::new(
            "session.recent_sign_in",
            "nobody signed in that recently",
            "write a span such as 10m",
        ));
    }
    let shown = session.show.iter().map(|(path, _)| ("show", path));
    for (table, path) in shown.chain(session.add.iter().map(|(path, _)| ("add", path))) {
        if path.is_empty() || path.iter().any(String::is_empty) {
            found.push(Mistake::new(
                format!("session.{table}"),
                format!("{:?} is no place in a session", path.join(".")),
                "write names with dots between them, such as user.role",
            ));
        }
    }
    for (index, field) in session.update.iter().enumerate() {
        if RESERVED.contains(&field.as_str()) {
            found.push(Mistake::new(
                format!("session.update.fields[{index}]"),
                format!("{field:?} is what the token itself is made of, so update() can't change it"),
                "take it out",
            ));
        }
    }
}

fn pages(plan: &Plan, found: &mut Vec<Mistake>) {
    let pages = &plan.pages;
    for (name, page) in [
        ("sign_in", &pages.sign_in),
        ("sign_out", &pages.sign_out),
        ("error", &pages.error),
        ("verify_request", &pages.verify_request),
        ("new_user", &pages.new_user),
        ("account", &pages.account),
    ] {
        if page.as_ref().is_some_and(|page| !is_path(page)) {
            found.push(Mistake::new(
                format!("pages.{name}"),
                "this is not a path of your application",
                "write a path such as /login",
            ));
        }
    }
}

fn is_path(page: &str) -> bool {
    page.starts_with('/')
        && !page.starts_with("//")
        && !page.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace())
}

fn landing_places(plan: &Plan, found: &mut Vec<Mistake>) {
    let is_allowed = |place: &String| {
        let origin = Url::parse(place).map(|url| url.origin().ascii_serialization());
        is_path(place) || origin.is_ok_and(|origin| plan.allowed_origins.contains(&origin))
    };
    for (name, place) in [("sign_in", &plan.landing.sign_in), ("sign_out", &plan.landing.sign_out)] {
        if place.as_ref().is_some_and(|place| !is_allowed(place)) {
            found.push(Mistake::new(
                format!("landing.{name}"),
                "this is neither a path of your application nor on an allowed origin",
                "write a path such as /dashboard, or add its origin to allowed_origins",
            ));
        }
    }
}

fn accounts(plan: &Plan, found: &mut Vec<Mistake>) {
    let Some(accounts) = &plan.accounts else { return };
    id("accounts.provider_id", &accounts.provider_id, found);
    if accounts.sign_up {
        id("accounts.sign_up_provider_id", &accounts.sign_up_provider_id, found);
        if accounts.sign_up_provider_id == accounts.provider_id {
            found.push(taken("accounts.sign_up_provider_id", &accounts.provider_id));
        }
    }
    if accounts.min_strength > 4 {
        found.push(Mistake::new(
            "accounts.min_strength",
            "the strength of a password is 0 to 4",
            "write 3, or leave it out",
        ));
    }
}

fn providers(plan: &Plan, found: &mut Vec<Mistake>) {
    if plan.accounts.is_none() && plan.providers.is_empty() {
        found.push(Mistake::new(
            "providers",
            "there is no way to sign in",
            "add a provider, or switch Keyward's own accounts on",
        ));
    }
    let mut ids = HashSet::new();
    if let Some(accounts) = &plan.accounts {
        ids.insert(accounts.provider_id.as_str());
        if accounts.sign_up {
            ids.insert(accounts.sign_up_provider_id.as_str());
        }
    }
    for (index, way) in plan.providers.iter().enumerate() {
        let at = format!("providers[{index}]");
        match way {
            Way::Own(provider) => fields(&at, &provider.fields, found),
            Way::Backend(settings) => {
                backend(&at, settings, found);
                own_source(&at, settings, plan, found);
                fields(&at, &settings.fields, found);
            }
            Way::OAuth(settings) => oauth::mistakes(&at, settings, plan, found),
            Way::Email(settings) => settings.mistakes(&at, plan.development, found),
        }
        id(&format!("{at}.id"), way.id(), found);
        if !ids.insert(way.id()) {
            found.push(taken(&format!("{at}.id"), way.id()));
        }
    }
    if let Some(passkeys) = plan.passkeys.as_ref().filter(|passkeys| ids.contains(&*passkeys.id)) {
        found.push(taken("passkeys.id", &passkeys.id));
    }
}

fn taken(field: &str, id: &str) -> Mistake {
    Mistake::new(field, format!("the id {id:?} is another provider's already"), "give each its own")
}

fn id(field: &str, id: &str, found: &mut Vec<Mistake>) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if id.is_empty() || id.len() > 64 || !id.chars().all(plain) {
        found.push(Mistake::new(
            field,
            format!("{id:?} can't stand in an address"),
            "use letters, digits, - and _, at most 64 of them",
        ));
    }
}

/// What NextAuth's clients submit beside the form's own fields.
const NEXTAUTHS: [&str; 4] = ["csrfToken", "callbackUrl", "json", "redirect"];

fn fields(at: &str, fields: &[Field], found: &mut Vec<Mistake>) {
    let mut names = HashSet::new();
    for (index, field) in fields.iter().enumerate() {
        attributes(&format!("{at}.fields[{index}]"), field, found);
        let name = &field.name;
        let problem = if name.is_empty() {
            "a field needs a name".to_owned()
        } else if NEXTAUTHS.contains(&name.as_str()) {
            format!("{name:?} is a name of NextAuth's own and never reaches the check")
        } else if !names.insert(name) {
            format!("there are two fields {name:?}")
        } else {
            continue;
        };
        found.push(Mistake::new(
            format!("{at}.fields[{index}].name"),
            problem,
            "give each field a name of its own",
        ));
    }
}

fn attributes(at: &str, field: &Field, found: &mut Vec<Mistake>) {
    for name in field.attributes.keys().filter(|name| *name != "value" && !may_declare(name)) {
        let has_place = ["autocomplete", "name", "placeholder", "required", "type"].contains(&name.as_str());
        found.push(Mistake::new(
            format!("{at}.attributes.{name}"),
            format!("the attribute {name:?} can't be set here"),
            if has_place {
                "write it beside the field's name"
            } else {
                "leave it out: the page sets it, or does without scripts and styles in attributes"
            },
        ));
    }
}

/// Accounts are known by source and id: of one source, the back end's user 7 would be the provider's user 7.
fn own_source(at: &str, backend: &BackendSettings, plan: &Plan, found: &mut Vec<Mistake>) {
    let source = &backend.endpoint.source;
    if plan.providers.iter().any(|way| matches!(way, Way::OAuth(settings) if settings.id == *source)) {
        found.push(Mistake::new(
            format!("{at}.source"),
            format!("the accounts of the provider {source:?} have this name already"),
            "leave it out, or give the back end a name of its own",
        ));
    }
}

fn backend(at: &str, backend: &BackendSettings, found: &mut Vec<Mistake>) {
    let endpoint = &backend.endpoint;
    if let Some(refresh) = &backend.refresh {
        backend.freshness.mistakes(at, refresh.timeout, found);
        // Where it has no time of its own, the mistake is the back end's.
        if !endpoint.timeout.is_zero() {
            outgoing::bounds(&format!("{at}.refresh"), "back end", refresh.timeout, None, found);
        }
        if !matches!(refresh.url.scheme(), "http" | "https") {
            found.push(Mistake::new(
                format!("{at}.refresh.endpoint"),
                format!("{:?} is neither http nor https", refresh.url.scheme()),
                "write the address where the back end refreshes tokens, such as https://api.example/refresh",
            ));
        }
    }
    if !matches!(endpoint.url.scheme(), "http" | "https") {
        found.push(Mistake::new(
            format!("{at}.endpoint"),
            format!("{:?} is neither http nor https", endpoint.url.scheme()),
            "write the address of the back end's endpoint, such as https://api.example/login",
        ));
    }
    if endpoint.source.is_empty() {
        found.push(Mistake::new(
            format!("{at}.source"),
            "the back end needs a name",
            "leave it out, or name the back end behind this provider",
        ));
    }
    outgoing::bounds(at, "back end", endpoint.timeout, Some(endpoint.max_answer), found);
    for (name, value) in &endpoint.headers {
        let sendable = HeaderName::try_from(name.as_str()).is_ok()
            && http::HeaderValue::try_from(value.expose()).is_ok();
        if !sendable {
            found.push(Mistake::new(
                format!("{at}.headers.{name}"),
                "this header can't be sent",
                "use visible ASCII characters alone, without line breaks",
            ));
        }
    }
}
