//! The core's pages in the words of `keyward-pages`.

mod factor;

use keyward_core::{dialect::Dialect, reply, settings};
use keyward_pages::{
    AddAccountPage, Colour, ConfirmLinkPage, ErrorPage, ErrorText, Field, Frame, ProviderForm, ProviderKind,
    SignInPage, SignOutPage, SignUpPage, VerifyRequestPage, error_text,
};

use super::{account, recovery};
use crate::{context::Context, edge::Edge, table::MAILBOX};

/// The page as HTML. Forms carry no landing place: the cookie has it (protocol notes §9.2).
pub(super) fn render(edge: &Edge, context: &Context<'_>, page: &reply::Page) -> String {
    let theme = &edge.settings.theme;
    let frame = Frame { theme, base: context.public.base_path(), request_id: context.id.as_str() };
    let words = |error: &Option<String>| error.as_deref().map(|error| error_words(edge, error));
    match page {
        reply::Page::Factor(page) => factor::render(edge, frame, page),
        reply::Page::SignIn { csrf_token, error, providers, passkey, sign_up, reset, callback_url, adds } => {
            SignInPage {
                frame,
                csrf_token,
                callback_url: callback_url.as_deref().unwrap_or_default(),
                error: words(error).map(|words| and_then_add(words, adds.as_deref(), frame)),
                providers: providers.iter().map(|form| provider_form(edge, form, frame)).collect(),
                passkey: passkey.as_ref().map(|form| factor::button(form, factor::SIGNS_IN)),
                sign_up_url: sign_up.clone(),
                reset_url: reset.clone(),
            }
            .render()
        }
        reply::Page::AddAccount { csrf_token, action, callback_url, provider } => {
            AddAccountPage { frame, csrf_token, action, callback_url, provider }.render()
        }
        reply::Page::SignUp { csrf_token, error, form, sign_in } => SignUpPage {
            frame,
            csrf_token,
            callback_url: "",
            action: &form.action,
            fields: fields(&form.kind, frame),
            error: words(error),
            sign_in_url: sign_in,
        }
        .render(),
        reply::Page::SignOut { csrf_token, action, stay } => {
            SignOutPage { frame, csrf_token, action, callback_url: "", stay }.render()
        }
        reply::Page::Error { error, sign_in } => ErrorPage {
            frame,
            code: error.as_deref().unwrap_or_default(),
            error: words(error).unwrap_or_else(|| error_text("")),
            sign_in_url: Some(sign_in.clone()),
            docs_url: None,
        }
        .render(),
        reply::Page::ConfirmLink { csrf_token, action, callback_url, token, email, host } => {
            ConfirmLinkPage { frame, csrf_token, action, callback_url, token, email, host }.render()
        }
        reply::Page::Account(page) => account::render(frame, page, words(&page.error)),
        reply::Page::Recovery(page) => {
            let mailbox = edge.settings.mailbox.as_ref().map(|_| context.public.route(MAILBOX));
            recovery::render(frame, page, words(&page.error), mailbox.as_deref())
        }
        reply::Page::VerifyRequest { host, origin } => {
            let mailbox = edge.settings.mailbox.as_ref().map(|_| context.public.route(MAILBOX));
            VerifyRequestPage { frame, host, origin, mailbox_url: mailbox.as_deref().unwrap_or_default() }
                .render()
        }
    }
}

/// To who has to prove themselves another way first: what they can do then.
fn and_then_add(words: ErrorText, adds: Option<&str>, frame: Frame<'_>) -> ErrorText {
    let hint = &frame.theme.texts.add_hint;
    match adds.filter(|_| !hint.is_empty()) {
        Some(name) => {
            ErrorText { text: format!("{} {}", words.text, hint.replace("{name}", name)).into(), ..words }
        }
        None => words,
    }
}

/// The words for `error=`: a code, or in generations 3 and 4 a back end's or hook's own sentence, which is what cannot be a
/// code. Anyone can write such an address; a code that nobody knows is not repeated.
fn error_words(edge: &Edge, error: &str) -> ErrorText {
    let carries_sentences = edge.engine.settings().dialect != Dialect::AuthJs5;
    match edge.settings.theme.texts.error(error) {
        Some(words) => words,
        None if carries_sentences && !may_be_code(error.trim()) => ErrorText::message(error),
        None => error_text(error),
    }
}

/// Whether a text is written as codes are, ours, NextAuth's and those of back ends: one word of ASCII.
fn may_be_code(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':'))
}

fn provider_form<'a>(edge: &Edge, form: &'a reply::ProviderForm, frame: Frame<'a>) -> ProviderForm<'a> {
    ProviderForm {
        id: (&*form.id).into(),
        name: (&*form.name).into(),
        action: (&*form.action).into(),
        kind: match &form.kind {
            reply::FormKind::Button => ProviderKind::Redirect { brand: brand(edge, &form.id) },
            reply::FormKind::Email { value } => ProviderKind::Email { value: value.into() },
            kind @ reply::FormKind::Fields(_) => ProviderKind::Credentials { fields: fields(kind, frame) },
        },
    }
}

/// The ground of a provider's letter, if its colour is one that the pages take.
fn brand(edge: &Edge, id: &str) -> Option<Colour> {
    Colour::parse(&edge.engine.settings().redirect(id)?.brand.as_ref()?.background).ok()
}

fn fields<'a>(kind: &'a reply::FormKind, frame: Frame<'a>) -> Vec<Field<'a>> {
    match kind {
        reply::FormKind::Button | reply::FormKind::Email { .. } => Vec::new(),
        reply::FormKind::Fields(declared) => declared.iter().map(|one| field(one, frame)).collect(),
    }
}

fn field<'a>(declared: &'a settings::Field, frame: Frame<'a>) -> Field<'a> {
    let is_password = declared.kind == "password";
    let autocomplete = declared.autocomplete.as_deref().unwrap_or_default();
    let hint = if autocomplete == "new-password" { &*frame.theme.texts.new_password_hint } else { "" };
    let value = declared.attributes.get("value").filter(|_| !is_password).map_or("", String::as_str);
    let attributes = declared.attributes.iter().map(|(name, value)| (name.into(), value.into())).collect();
    Field {
        name: (&*declared.name).into(),
        label: (&*declared.label).into(),
        input_type: (&*declared.kind).into(),
        placeholder: declared.placeholder.as_deref().unwrap_or_default().into(),
        autocomplete: autocomplete.into(),
        hint: hint.into(),
        required: declared.required,
        value: value.into(),
        attributes,
    }
}
