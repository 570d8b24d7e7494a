//! From a [`Deployment`] to the library's builder, and the library's mistakes back to their places.

use std::{borrow::Cow, collections::BTreeMap};

use keyward::{
    AccountsSettings, BackendSettings, BuildError, Builder, ColorScheme, CustomPages, Endpoint, ErrorText,
    Field, HasherSettings, Keyward, LimitSettings, Mistake, Secret, SessionSettings, Strategy, Theme,
    UserFields,
};
use keyward_pages::{codes, known_error};
use url::Url;

use super::{
    deployment::{Deployment, Mode},
    file::{
        ErrorTable, FieldTable, File, Keep, Provider, ProviderType, SchemeName, StrategyName, ThemeTable,
    },
    settled::Origin,
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
        .theme(theme(&file.theme, &mut mistakes))
        .limits(limits(file))
        .hasher(HasherSettings {
            queue: file.limits.hash_queue.unwrap_or(HasherSettings::default().queue),
            ..HasherSettings::default()
        });
    for secret in secrets {
        builder = builder.older_secret(secret);
    }
    if let Some(accounts) = accounts(file) {
        builder = builder.accounts(accounts);
    }
    for (index, provider) in file.providers.iter().enumerate() {
        let ProviderType::Backend = provider.kind;
        match backend(provider) {
            Ok(backend) => builder = builder.backend(backend),
            Err(fault) => mistakes.push((format!("providers[{index}].endpoint"), fault)),
        }
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
pub(crate) fn accounts(file: &File) -> Option<AccountsSettings> {
    let table = &file.accounts;
    let default = AccountsSettings::default();
    table.enabled.unwrap_or(file.providers.is_empty()).then(|| AccountsSettings {
        provider_id: table.provider_id.clone().unwrap_or(default.provider_id),
        sign_up: table.sign_up.unwrap_or(default.sign_up),
        sign_up_provider_id: table.sign_up_provider_id.clone().unwrap_or(default.sign_up_provider_id),
        min_strength: table.min_strength.unwrap_or(default.min_strength),
        reveal_existing: table.reveal_existing.unwrap_or(default.reveal_existing),
    })
}

fn fault_of(deployment: &Deployment, mistake: &Mistake) -> Fault {
    let field = mistake.field.as_str();
    // The file may have the secret under another name than the library says.
    let names: &[&str] =
        if field.starts_with("secret") { &["secret", "secrets", "secret_file"] } else { &[] };
    let span = std::iter::once(&field).chain(names).find_map(|path| deployment.span(path));
    let origin = match field.split(['[', '.']).next() {
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

/// How long a back end may take by default.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);
/// The largest answer by default.
const MAX_ANSWER: usize = 256 * 1024;

fn backend(table: &Provider) -> Result<BackendSettings, Fault> {
    let url = Url::parse(&table.endpoint).map_err(|_| {
        Fault::new("this is not an address").remedy("write one such as https://api.example/login")
    })?;
    let at = |place: &Option<String>, default: &str| path(place.as_deref().unwrap_or(default));
    let default = UserFields::default();
    let endpoint = Endpoint {
        source: table.source.clone().unwrap_or_else(|| url.origin().ascii_serialization()),
        headers: table.headers.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect(),
        timeout: table.timeout.map_or(TIMEOUT, |period| period.0),
        max_answer: table.max_answer.map_or(MAX_ANSWER, |size| size.0),
        user: table.user.as_deref().map(path).unwrap_or_default(),
        fields: UserFields {
            id: table.id_field.as_deref().map_or(default.id, |place| vec![path(place)]),
            name: at(&table.name_field, "name"),
            email: at(&table.email_field, "email"),
            image: at(&table.image_field, "image"),
        },
        keep: kept(table.keep.as_ref()),
        own_word_on_401: table.message_on_401.unwrap_or(false),
        message: at(&table.message_field, "message"),
        code: at(&table.code_field, "code"),
        url,
    };
    let name = table.name.clone().unwrap_or_else(|| table.id.clone());
    Ok(BackendSettings {
        id: table.id.clone(),
        name,
        fields: table.fields.iter().map(field).collect(),
        endpoint,
    })
}

fn kept(keep: Option<&Keep>) -> Vec<(String, Vec<String>)> {
    let own_name = |name: &String| (name.clone(), path(name));
    let places = |places: &BTreeMap<String, String>| {
        places.iter().map(|(field, place)| (field.clone(), path(place))).collect()
    };
    match keep {
        Some(Keep::Fields(fields)) => fields.iter().map(own_name).collect(),
        Some(Keep::Places(table)) => places(table),
        None => Vec::new(),
    }
}

fn field(table: &FieldTable) -> Field {
    Field {
        name: table.name.clone(),
        label: table.label.clone().unwrap_or_else(|| table.name.clone()),
        kind: table.kind.clone().unwrap_or_else(|| "text".to_owned()),
        placeholder: table.placeholder.clone(),
        autocomplete: table.autocomplete.clone(),
        required: table.required,
        attributes: table.attributes.clone(),
    }
}

/// `user.role` as its steps.
fn path(place: &str) -> Vec<String> {
    place.split('.').map(str::to_owned).collect()
}
