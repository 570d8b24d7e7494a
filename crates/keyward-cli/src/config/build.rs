//! From a [`Deployment`] to the library's builder, and the library's mistakes back to their places.

use std::{borrow::Cow, sync::Arc};

use keyward::{
    AccountsSettings, BuildError, Builder, ColorScheme, CustomPages, ErrorText, EventKind, HasherSettings,
    Keyward, LandingPlaces, LimitSettings, Mistake, Secret, SessionSettings, Strategy, Theme, Verification,
};
use keyward_pages::{codes, known_error};

use super::{
    deployment::{Deployment, Mode},
    file::{ErrorTable, File, SchemeName, StrategyName, ThemeTable, VerificationName},
    providers::{Provider, backend},
    rules, safety,
    settled::Origin,
    value::path,
    wording::suggestion,
};
use crate::fault::Fault;

/// The builder of a deployment whose secrets are these, checked.
pub(crate) fn builder(deployment: &Deployment, secrets: &[Secret]) -> Result<Builder, Vec<Fault>> {
    let file = &deployment.file;
    let mut mistakes = Vec::new();
    let mut secrets = secrets.iter().cloned();
    let mut builder = Keyward::builder(&deployment.public_url.value, secrets.next().unwrap_or_default())
        .base_path(&deployment.base_path.value)
        .dialect(deployment.dialect.value)
        .development(deployment.mode == Mode::Development)
        .sqlite(&deployment.database.value)
        .trusted_proxies(file.trusted_proxies.iter().map(|network| network.0))
        .allowed_origins(file.allowed_origins.iter().map(|origin| origin.0.clone()))
        .session(session(file, deployment))
        .pages(pages(file))
        .landing(LandingPlaces {
            sign_in: file.landing.sign_in.clone(),
            sign_out: file.landing.sign_out.clone(),
        })
        .theme(theme(&file.theme, &mut mistakes))
        .limits(limits(file))
        .audit(safety::audit(&file.audit))
        .guess_limits(safety::guesses(deployment))
        .hasher(HasherSettings {
            queue: file.limits.hash_queue.unwrap_or(HasherSettings::default().queue),
            ..HasherSettings::default()
        });
    match safety::breached(deployment) {
        Ok(lists) => builder = builder.breached_passwords(lists),
        Err(mistake) => mistakes.push(mistake),
    }
    for secret in secrets {
        builder = builder.older_secret(secret);
    }
    if let Some(accounts) = accounts(deployment) {
        builder = builder.accounts(accounts);
    }
    if let Some(tokens) = file.tokens.settings() {
        builder = builder.tokens(tokens);
    }
    for key in &file.admin.keys {
        builder = builder.admin_key(key.0.clone());
    }
    builder = builder.second_factors(file.factors.settings());
    if let Some(passkeys) = file.passkeys.settings() {
        builder = builder.passkeys(passkeys);
    }
    for client in &file.clients {
        builder = builder.client(client.client());
    }
    if let Some(mail) = &deployment.account_mail {
        builder = builder.account_mail(mail.settings.clone());
    }
    if !file.rules.is_empty() {
        builder = builder.rules(Arc::new(rules::admittance(&file.rules, &mut mistakes)));
    }
    if let Some(hooks) = rules::hooks(&file.hooks, &mut mistakes) {
        builder = builder.hooks(hooks);
        if let Some(types) = &file.hooks.event_types {
            builder = builder.event_kinds(types.iter().copied().map(EventKind::from));
        }
    }
    let redirect = |index: usize| deployment.redirects.iter().find(|redirect| redirect.index == index);
    for (index, provider) in file.providers.iter().enumerate() {
        builder = match provider {
            Provider::Backend(table) => match backend(table) {
                Ok(backend) => builder.backend(backend),
                Err(fault) => {
                    mistakes.push((format!("providers[{index}].endpoint"), fault));
                    builder
                }
            },
            Provider::Redirect(_) => match redirect(index) {
                Some(redirect) => builder.oauth_provider(redirect.settings.clone()),
                None => builder,
            },
            Provider::Email(_) => match deployment.emails.iter().find(|email| email.index == index) {
                Some(email) => builder.email_links(email.settings.clone()),
                None => builder,
            },
        };
    }
    for redirect in deployment.redirects_of_the_environment() {
        builder = builder.oauth_provider(redirect.settings.clone());
    }
    let mut faults: Vec<_> =
        mistakes.into_iter().map(|(path, fault)| fault.at(deployment.span(&path))).collect();
    if faults.is_empty() {
        builder.check().map_err(|error| faults_of(deployment, &error))?;
        return Ok(builder);
    }
    faults.dedup();
    Err(faults)
}

/// The library's mistakes at their places: in the file, or in the environment.
pub(crate) fn faults_of(deployment: &Deployment, error: &BuildError) -> Vec<Fault> {
    error.mistakes().iter().map(|mistake| fault_of(deployment, mistake)).collect()
}

/// The theme of a deployment whose builder was checked.
pub(crate) fn shown_theme(deployment: &Deployment) -> Theme {
    theme(&deployment.file.theme, &mut Vec::new())
}

/// The theme. Texts that do not exist are mistakes.
fn theme(table: &ThemeTable, mistakes: &mut Vec<(String, Fault)>) -> Theme {
    let default = Theme::default();
    let mut texts = default.texts;
    for (name, text) in &table.texts {
        if texts.set(name, text.clone()).is_err() {
            let known: Vec<String> = keyward::Texts::KEYS.iter().map(|key| (*key).to_owned()).collect();
            let fault = Fault::new(format!("there is no text `{name}`"));
            mistakes
                .push((format!("theme.texts.{name}"), fault.remedy(suggestion(name, &known, "there are"))));
        }
    }
    for (code, table) in &table.errors {
        match error_words(code, table) {
            Ok(words) => drop(texts.errors.insert(code.clone(), words)),
            Err(fault) => mistakes.push((format!("theme.errors.{code}"), fault)),
        }
    }
    Theme {
        color_scheme: match table.color_scheme {
            Some(SchemeName::Light) => ColorScheme::Light,
            Some(SchemeName::Dark) => ColorScheme::Dark,
            Some(SchemeName::Auto) | None => ColorScheme::Auto,
        },
        brand_color: table.brand_color.map(|paint| paint.0),
        button_text: table.button_text.map(|paint| paint.0),
        logo: table.logo.clone(),
        name: table.name.clone().unwrap_or(default.name),
        texts,
    }
}

/// An owner's words for an error; what they leave out is taken from the built-in ones, if there are any.
fn error_words(code: &str, table: &ErrorTable) -> Result<ErrorText, Fault> {
    let known = known_error(code);
    let (title, text) = (table.title.clone(), table.text.clone());
    let title = title.map(Cow::Owned).or_else(|| known.as_ref().map(|words| words.title.clone()));
    let text = text.map(Cow::Owned).or_else(|| known.as_ref().map(|words| words.text.clone()));
    let (Some(title), Some(text)) = (title, text) else {
        let codes: Vec<String> = codes().map(str::to_owned).collect();
        let remedy = suggestion(code, &codes, "Keyward's codes are");
        return Err(Fault::new(format!(
            "`{code}` is no code of Keyward's, so it needs both `title` and `text`"
        ))
        .remedy(remedy));
    };
    Ok(ErrorText { field: known.and_then(|words| words.field), ..ErrorText::new(title, text) })
}

/// Keyward's own accounts, if they are on.
pub(crate) fn accounts(deployment: &Deployment) -> Option<AccountsSettings> {
    let table = &deployment.file.accounts;
    let default = AccountsSettings::default();
    let no_others = deployment.file.providers.is_empty() && deployment.redirects.is_empty();
    table.enabled.unwrap_or(no_others).then(|| AccountsSettings {
        provider_id: table.provider_id.clone().unwrap_or(default.provider_id),
        sign_up: table.sign_up.unwrap_or(default.sign_up),
        sign_up_provider_id: table.sign_up_provider_id.clone().unwrap_or(default.sign_up_provider_id),
        min_strength: table.min_strength.unwrap_or(default.min_strength),
        reveal_existing: table.reveal_existing.unwrap_or(default.reveal_existing),
        verification: table.verification.map_or(default.verification, |name| match name {
            VerificationName::Off => Verification::Off,
            VerificationName::Sent => Verification::Sent,
            VerificationName::Required => Verification::Required,
        }),
    })
}

fn fault_of(deployment: &Deployment, mistake: &Mistake) -> Fault {
    let field = mistake.field.as_str();
    // The file may have the secret under another name than the library says.
    let names: &[&str] =
        if field.starts_with("secret") { &["secret", "secrets", "secret_file"] } else { &[] };
    let span = std::iter::once(&field).chain(names).find_map(|path| deployment.span(path));
    let around = deployment
        .redirects_of_the_environment()
        .find(|redirect| field.starts_with(&format!("providers[{}].", redirect.index)));
    let origin = match field.split(['[', '.']).next() {
        Some("providers") => around.and_then(|redirect| redirect.client_id.as_ref()),
        Some("public_url") => Some(&deployment.public_url.origin),
        Some("secret" | "secrets") => Some(&deployment.secrets.origin),
        _ => None,
    };
    let problem = match (&span, origin) {
        (None, Some(Origin::Environment(name))) => format!("{name}: {}", mistake.problem),
        (None, _) => format!("{field}: {}", mistake.problem),
        (Some(_), _) => mistake.problem.clone(),
    };
    Fault::new(problem).remedy(mistake.remedy.clone()).at(span)
}

fn session(file: &File, deployment: &Deployment) -> SessionSettings {
    let table = &file.session;
    let default = SessionSettings::default();
    let max_age = deployment.session_max_age();
    SessionSettings {
        strategy: match table.strategy {
            Some(StrategyName::Stored) => Strategy::Stored,
            Some(StrategyName::Sealed) | None => Strategy::Sealed,
        },
        max_age,
        // A default that is longer than a short lifetime is nobody's mistake.
        update_age: table.update_age.map_or(default.update_age.min(max_age), |period| period.0),
        show: table.show.iter().map(|(place, field)| (path(place), field.clone())).collect(),
        add: table.add.iter().map(|(place, value)| (path(place), value.clone())).collect(),
        update: table.update.fields.clone(),
        recent: table.recent_sign_in.map_or(default.recent, |period| period.0),
    }
}

fn pages(file: &File) -> CustomPages {
    let pages = &file.pages;
    CustomPages {
        sign_in: pages.sign_in.clone(),
        sign_out: pages.sign_out.clone(),
        error: pages.error.clone(),
        verify_request: pages.verify_request.clone(),
        new_user: pages.new_user.clone(),
        account: pages.account.clone(),
    }
}

fn limits(file: &File) -> LimitSettings {
    let (table, default) = (&file.limits, LimitSettings::default());
    LimitSettings {
        sign_in_per_address: table.sign_in_per_address.map(|rate| rate.0).or(default.sign_in_per_address),
        sign_in_per_account: table.sign_in_per_account.map(|rate| rate.0).or(default.sign_in_per_account),
        sign_up_per_address: table.sign_up_per_address.map(|rate| rate.0).or(default.sign_up_per_address),
        link_per_address: table.link_per_address.map(|rate| rate.0).or(default.link_per_address),
        link_per_account: table.link_per_account.map(|rate| rate.0).or(default.link_per_account),
    }
}
