//! The pages of second factors and passkeys.

use keyward_core::{
    reply::{Ask, AskedField, FactorPage, PasskeyForm, ShownPasskey},
    time::Timestamp,
};
use keyward_pages::{
    AppPage, FactorPage as AskPage, Field, Frame, PasskeyButton, PasskeyRow, PasskeysPage, Qr,
    RecoveryCodesPage, SetUpAppPage,
};

use super::error_words;
use crate::edge::Edge;

/// What goes along with a passkey that signs in.
pub(super) const SIGNS_IN: &[(&str, &str)] = &[("action", "authenticate")];

pub(super) fn button<'a>(form: &'a PasskeyForm, hidden: &'a [(&'a str, &'a str)]) -> PasskeyButton<'a> {
    PasskeyButton { action: &form.action, options: &form.options, hidden }
}

pub(super) fn render(edge: &Edge, frame: Frame<'_>, page: &FactorPage) -> String {
    let texts = &frame.theme.texts;
    let words = |error: &Option<String>| error.as_deref().map(|error| error_words(edge, error));
    match page {
        FactorPage::Factor(ask) => {
            let other = (&*ask.sign_in, &*texts.factor_other);
            asks(edge, frame, ask, (&texts.factor_title, &texts.factor_text), other)
        }
        FactorPage::Confirm(ask) => {
            let (text, other) = match ask.field {
                AskedField::NoFactor => (&texts.confirm_factor_none, &texts.confirm_factor_set_up),
                _ => (&texts.confirm_factor_text, &texts.confirm_factor_again),
            };
            asks(edge, frame, ask, (&texts.confirm_factor_title, text), (&*ask.sign_in, other))
        }
        FactorPage::SetUpApp { csrf_token, action, error, uri, secret, set_up } => SetUpAppPage {
            frame,
            csrf_token,
            action,
            error: words(error),
            qr: Qr::of(uri.expose()),
            secret: secret.expose(),
            set_up,
        }
        .render(),
        FactorPage::App { csrf_token, error, remove, codes, codes_left } => {
            AppPage { frame, csrf_token, error: words(error), remove, codes, codes_left: *codes_left }
                .render()
        }
        FactorPage::Codes { codes, next } => {
            RecoveryCodesPage { frame, codes: codes.iter().map(|code| code.expose()).collect(), next }
                .render()
        }
        FactorPage::Passkeys { csrf_token, error, add, remove, passkeys } => PasskeysPage {
            frame,
            csrf_token,
            error: words(error),
            add: button(add, &[]),
            remove,
            passkeys: passkeys.iter().map(row).collect(),
        }
        .render(),
    }
}

fn asks(
    edge: &Edge,
    frame: Frame<'_>,
    ask: &Ask,
    (title, text): (&str, &str),
    other: (&str, &str),
) -> String {
    let texts = &frame.theme.texts;
    let field = match ask.field {
        AskedField::Code => Some(Field::one_time_code(texts)),
        AskedField::Password => Some(Field::current_password(texts)),
        AskedField::Nothing | AskedField::NoFactor => None,
    };
    AskPage {
        frame,
        title,
        text,
        csrf_token: &ask.csrf_token,
        callback_url: ask.callback_url.as_deref().unwrap_or_default(),
        action: &ask.action,
        error: ask.error.as_deref().map(|error| error_words(edge, error)),
        field,
        button: &texts.factor_button,
        passkey: ask.passkey.as_ref().map(|form| button(form, &[])),
        other,
    }
    .render()
}

fn row(passkey: &ShownPasskey) -> PasskeyRow<'_> {
    PasskeyRow {
        id: &passkey.id,
        name: &passkey.name,
        created: day(passkey.created),
        used: passkey.used.map(day).unwrap_or_default(),
        backed_up: passkey.backed_up,
    }
}

/// `2026-11-21`: the same to everybody.
fn day(moment: Timestamp) -> String {
    moment.iso().chars().take(10).collect()
}
