//! The core's pages about one's own account in the words of `keyward-pages`.

use keyward_core::{
    action::{State, Step},
    reply::RecoveryPage,
};
use keyward_pages::{AccountForm, AccountFormPage, ErrorText, Field, Frame, Texts};

/// The page as HTML. `mailbox` is where development's mails can be read.
pub(super) fn render(
    frame: Frame<'_>,
    page: &RecoveryPage,
    error: Option<ErrorText>,
    mailbox: Option<&str>,
) -> String {
    let texts = &frame.theme.texts;
    let error = error.map(|error| at_its_input(page, error));
    let words = Words::of(page, texts);
    let text = words.text.replace("{email}", &page.email).replace("{host}", &page.host);
    let back = texts.recovery_back.replace("{host}", &page.host);
    let mut links = Vec::new();
    match (page.step, page.state) {
        (Step::VerifyEmail, State::WithPassword) => {
            links.extend(page.reset.as_deref().map(|reset| (reset, &*texts.verify_email_no_password)));
        }
        (Step::VerifyEmail | Step::Reset, State::Done) => {
            links.push((&*page.sign_in, &*texts.recovery_sign_in));
        }
        (Step::Delete, State::Open) => links.push((&*page.origin, &*texts.delete_cancel)),
        _ => links.push((&*page.origin, &*back)),
    }
    let is_sent = page.state == State::Sent;
    AccountFormPage {
        frame,
        kind: kind(page.step),
        title: words.title,
        text: &text,
        error,
        form: words.button.map(|button| AccountForm {
            action: &page.action,
            csrf_token: &page.csrf_token,
            hidden: hidden(page),
            fields: fields(page, texts),
            button,
            is_final: page.step == Step::Delete,
        }),
        links,
        mailbox_url: mailbox.filter(|_| is_sent).unwrap_or_default(),
    }
    .render()
}

struct Words<'a> {
    title: &'a str,
    text: &'a str,
    /// `None`: there is nothing to send.
    button: Option<&'a str>,
}

impl<'a> Words<'a> {
    fn of(page: &RecoveryPage, texts: &'a Texts) -> Self {
        let has_link = page.link.is_some();
        let form = |title: &'a str, text: &'a str, button: &'a str| (title, text, Some(button));
        let (title, text, button) = match (page.step, page.state) {
            (_, State::Sent) => (&*texts.verify_title, &*texts.recovery_sent_text, None),
            (Step::ChangeEmail, State::Dead) => (&*texts.email_title, "", None),
            (Step::ReturnEmail, State::Dead) => (&*texts.email_return_title, "", None),
            (Step::VerifyEmail, State::Done) => (&*texts.verify_email_done_title, "", None),
            (Step::VerifyEmail, State::WithPassword) => {
                form(&texts.verify_email_title, &texts.verify_email_password_text, &texts.verify_email_button)
            }
            (Step::VerifyEmail, _) if has_link => {
                form(&texts.verify_email_title, &texts.verify_email_confirm_text, &texts.verify_email_button)
            }
            (Step::VerifyEmail, _) => {
                form(&texts.verify_email_title, &texts.verify_email_text, &texts.recovery_send_button)
            }
            (Step::Reset, State::Done) => (&*texts.reset_done_title, &*texts.reset_done_text, None),
            (Step::Reset, _) if has_link => {
                form(&texts.reset_new_title, &texts.reset_new_text, &texts.reset_button)
            }
            (Step::Reset, _) => form(&texts.reset_title, &texts.reset_text, &texts.recovery_send_button),
            (Step::ChangeEmail | Step::Email | Step::ReturnEmail, State::Done) => {
                (&*texts.email_done_title, &*texts.email_done_text, None)
            }
            (Step::ChangeEmail, _) => {
                form(&texts.email_title, &texts.email_confirm_text, &texts.email_button)
            }
            (Step::ReturnEmail, _) => {
                form(&texts.email_return_title, &texts.email_return_text, &texts.email_return_button)
            }
            (Step::Email, _) => form(&texts.email_title, &texts.email_text, &texts.recovery_send_button),
            (Step::Password, State::Done) => (&*texts.reset_done_title, &*texts.password_done_text, None),
            (Step::Password, _) => form(&texts.password_title, &texts.password_text, &texts.password_button),
            (Step::Delete, State::Done) => (&*texts.delete_done_title, "", None),
            (Step::Delete, _) => form(&texts.delete_title, &texts.delete_text, &texts.delete_button),
            (Step::Export, _) => form(&texts.export_title, &texts.export_text, &texts.export_button),
        };
        Self { title, text, button }
    }
}

/// The page's class, and the word in the ids of its inputs.
const fn kind(step: Step) -> &'static str {
    match step {
        Step::VerifyEmail => "verify-email",
        Step::Reset => "reset",
        Step::ChangeEmail => "change-email",
        Step::ReturnEmail => "return-email",
        Step::Password => "password",
        Step::Email => "email",
        Step::Delete => "delete",
        Step::Export => "export",
    }
}

/// The link goes along, and to password managers the address whose password it is.
fn hidden(page: &RecoveryPage) -> Vec<(&str, &str)> {
    let link = page.link.iter();
    link.flat_map(|link| [("token", link.token.as_str()), ("for", link.subject.as_str())]).collect()
}

fn fields<'a>(page: &'a RecoveryPage, texts: &'a Texts) -> Vec<Field<'a>> {
    let new_password = || Field {
        name: "newPassword".into(),
        label: (&*texts.new_password_label).into(),
        ..Field::new_password(texts)
    };
    match (page.step, page.state, page.link.is_some()) {
        (Step::VerifyEmail, State::WithPassword, _) => vec![Field::current_password(texts)],
        (Step::VerifyEmail | Step::Reset, _, false) => {
            vec![Field { value: (&*page.typed).into(), ..Field::email(texts) }]
        }
        (Step::Reset, ..) => vec![new_password()],
        (Step::Email, ..) => vec![Field {
            label: (&*texts.new_email_label).into(),
            value: (&*page.typed).into(),
            autocomplete: "email".into(),
            ..Field::email(texts)
        }],
        (Step::Password, state, _) => {
            let current =
                Field { label: (&*texts.current_password_label).into(), ..Field::current_password(texts) };
            let current = (state == State::WithPassword).then_some(current);
            current.into_iter().chain([new_password()]).collect()
        }
        _ => Vec::new(),
    }
}

/// What is wrong with a password is wrong with the new one, but where it is the old one that is not right.
fn at_its_input(page: &RecoveryPage, error: ErrorText) -> ErrorText {
    let is_of_old = page.error.as_deref() == Some("wrong_password");
    let renamed = error.field == Some("password") && !is_of_old;
    if renamed { ErrorText { field: Some("newPassword"), ..error } } else { error }
}
